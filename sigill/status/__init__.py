"""Token Status Lists (draft-ietf-oauth-status-list-20): which seals their senders withdrew, checkable offline."""
