"""What the operator asks: whether all is set up, and how much there is; and what is done after every arrival."""
