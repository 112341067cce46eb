"""Where a submission's code runs: bubblewrap, the kernel in it, and what the kernel finds there."""
