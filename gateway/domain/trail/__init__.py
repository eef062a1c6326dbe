"""The audit trail: chained, read, and let go of entry by entry."""
