"""The audit trail: sealed into a chain, verified, read, and emptied by its rule."""
