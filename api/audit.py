"""The audit trail of who was not let in (`registry.audit`), for the views of the API."""

from registry.audit import tell_refusal

__all__ = ["tell_refusal"]
