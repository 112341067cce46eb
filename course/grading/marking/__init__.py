"""What a submission is worth: its notebook is run, each question marked, and its code compared with others'."""
