"""The nightly run and the hand-over, never lost and never twice, and what providers say afterwards."""
