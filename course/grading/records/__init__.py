"""What is kept of a run: results on disk, what a result is known by, and what is still to do."""
