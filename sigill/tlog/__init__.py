"""The transparency log as anybody can check it: leaves, RFC 6962 trees, C2SP tiles, notes, checkpoints and proofs."""
