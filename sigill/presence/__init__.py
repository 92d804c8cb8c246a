"""Releases: somebody, or an AI system by its own key, stood behind one message; statement, evidence, verification."""
