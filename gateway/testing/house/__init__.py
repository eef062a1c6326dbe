"""What the simulated print houses have in common: clock, exchange, server, faults, kept ledger."""
