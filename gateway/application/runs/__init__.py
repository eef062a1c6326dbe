"""The nightly run and the hand-over: batched, assembled, certified, submitted exactly once, stopped, diverted."""
