"""Chains of messages: who spoke before, and what the next seal must point at."""
