"""What a launch reports: counts of each line and each access to memory, events, findings, and the report that holds them all."""
