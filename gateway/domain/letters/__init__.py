"""A letter until it leaves for the run, alone or in a mass mailing, and what travels with it."""
