"""Who grades: a process, several at a time, or a cluster."""
