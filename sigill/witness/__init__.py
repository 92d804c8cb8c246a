"""A witness for transparency logs (https://c2sp.org/tlog-witness): it cosigns what only grew, and remembers."""
