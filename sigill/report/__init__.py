"""The verdict: named checks over a parsed seal, and one table from their outcomes to a plain answer."""
