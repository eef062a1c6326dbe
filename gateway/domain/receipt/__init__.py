"""Who got a piece and when, what came back, and until when it can be contested."""
