"""Encodings with exactly one spelling per value, so that two byte strings never stand for one thing."""
