"""Rate limits that hold across processes, and the slow-down of guessing.

Counts are kept in a small file beside the data (`table`), or in a Redis or Valkey server (`counters`); what is
counted is never an address or a key but a keyed hash of it (`limiter`).
"""
