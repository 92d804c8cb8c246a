"""Seals on customer-service messages: who sent it, and was it a human or an AI?

The format and everything that can be checked offline. Pure: only `sigill.cli` and `sigill.client` do I/O.
"""
