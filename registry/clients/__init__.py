"""Clients: programs of an operator that prove who they are with a private key, and the tokens they get for it."""
