"""Letters that leave by hand: printed here, posted, handed over in person, by courier."""
