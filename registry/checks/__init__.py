"""What can be said about who an operator is, from answers that others gave: pure, no network."""
