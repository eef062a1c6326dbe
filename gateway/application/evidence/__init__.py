"""The posting file of a letter (*Nachweisakte*), which anyone can check."""
