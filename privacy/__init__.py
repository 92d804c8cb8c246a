"""For the data-protection officer: how long what is kept of a message is kept, and how it is erased."""
