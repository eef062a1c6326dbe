"""The posting day, proven: posting lists and the Ab-Vermerk."""
