"""What the rooms of this lesson's catalogue share."""

TOPIC = "gradient_descent"
