"""A submission's code, read as text and put into the exercise's own notebook. Nothing of it is run here."""
