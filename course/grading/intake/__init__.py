"""What was handed in, found and told apart: archives, names, owners, and the one notebook that counts for each lesson."""
