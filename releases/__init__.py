"""Releases of messages at attestation level A: those that wait, and the evidence of those that were sealed."""
