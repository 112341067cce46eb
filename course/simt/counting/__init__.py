"""What the hardware would count: the cost of a request to memory, the races, and the books of a launch."""
