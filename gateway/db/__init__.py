"""Tables by aggregate, engine, locks and migrations."""
