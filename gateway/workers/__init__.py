"""Schedule and workers: they nudge; the rows are the queue."""
