"""What the exercises of lesson 00 share."""

TOPIC = "start_here"
