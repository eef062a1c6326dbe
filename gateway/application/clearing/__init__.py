"""What is the matter with a letter, and what may be done about it: held, let go, cancelled, brought forward."""
