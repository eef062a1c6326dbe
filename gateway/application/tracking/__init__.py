"""What providers say about pieces after the hand-over, and both sides' rows held against each other."""
