"""Django's way to PostgreSQL, with a cheaper look whether a kept connection still stands."""
