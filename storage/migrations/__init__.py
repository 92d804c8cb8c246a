"""Alembic scripts: `storage.migrate` runs them."""
