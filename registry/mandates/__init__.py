"""Mandates: one registered operator lets another seal for it, within limits everybody can read."""
