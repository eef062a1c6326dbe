"""Everything into the case file, in order, never lost, never twice; and fetched back from there."""
