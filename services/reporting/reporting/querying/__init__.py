"""Questions in metrics, dimensions and periods, and their answers."""
