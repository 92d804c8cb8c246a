"""Shapes of API keys: as they are asked for, as they are listed, and as one is shown once."""

from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate

from api.fields import StrictSchema, Word
from registry.application import MAX_NAME
from registry.model import Role

_UNTIL: Final = "When it ends; default: after a year, at most ten"
_KEY: Final = "The key itself: shown this once, and kept nowhere"


def _check_role(role: Any) -> None:  # noqa: ANN401 - what the field made of it
    if role is Role.REGISTRAR:
        raise ValidationError("An operator's key is of the role signer, admin or auditor.")


class NewApiKeySchema(StrictSchema):
    """An API key to hand out."""

    name = fields.String(required=True, validate=validate.Length(1, MAX_NAME))
    role = Word(Role, required=True, validate=_check_role)
    valid_until = fields.AwareDateTime(format="iso", metadata={"description": _UNTIL})


class ApiKeySchema(Schema):
    """An API key as it is listed; its secret is kept nowhere."""

    prefix = fields.String(required=True, metadata={"description": "What it is called: its first part"})
    name = fields.String(required=True)
    role = fields.String(required=True)
    created_at = fields.String(required=True)
    valid_until = fields.String(required=True)
    revoked_at = fields.String(required=True, allow_none=True)


class HandedOutKeySchema(ApiKeySchema):
    """An API key just made."""

    key = fields.String(required=True, metadata={"description": _KEY})


class ApiKeyListSchema(Schema):
    """All API keys of the caller's operator."""

    api_keys = fields.List(fields.Nested(ApiKeySchema), required=True)
