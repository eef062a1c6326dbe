"""Use cases, one verb a module, in the order of a letter's life."""
