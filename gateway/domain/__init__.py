"""Pure rules of letters, post and deadlines: standard library only; no clock, randomness, I/O or logs."""
