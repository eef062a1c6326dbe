"""The posting day, proven: lists, reports, confirmations, exceptions, and the Ab-Vermerk."""
