"""The zero-balance account: every approved copy stands somewhere, and every stored byte is what it was."""
