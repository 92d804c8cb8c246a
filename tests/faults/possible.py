"""What a machine may lack."""


class NotPossible(Exception):
    """The fault cannot be made here; says what is missing. Counted as not run, never as passed."""
