"""Letters and cases as people and programs read them: found, listed, shown, explained."""
