"""The faults themselves, a file for each thing that breaks."""
