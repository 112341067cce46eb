"""What the exercises of lesson 00 share."""

LESSON = "00_start_here"
