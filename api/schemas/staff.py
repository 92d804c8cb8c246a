"""Shapes of an operator's people and their passkeys."""

from marshmallow import Schema, fields, validate

from api.fields import StrictSchema, Word
from registry.application import MAX_NAME
from registry.model import Role


class NewPersonSchema(StrictSchema):
    """Somebody to add."""

    name = fields.String(
        required=True,
        validate=validate.Length(1, MAX_NAME),
        metadata={"description": "For colleagues; nobody else ever reads it"},
    )
    role = Word(Role, required=True)


class PasskeySchema(Schema):
    """A passkey; never a secret, for nobody here has one."""

    id = fields.String(required=True, metadata={"description": "The WebAuthn credential id, base64url"})
    name = fields.String(required=True)
    attestation = fields.String(required=True, metadata={"description": "The attestation's format, or none"})
    aaguid = fields.String(required=True, metadata={"description": "The authenticator's model"})
    device_bound = fields.Boolean(required=True, metadata={"description": "Whether it cannot be synced elsewhere"})
    transports = fields.List(fields.String(), required=True)
    created_at = fields.String(required=True)
    used_at = fields.String(required=True, allow_none=True)
    revoked_at = fields.String(required=True, allow_none=True)


class PersonSchema(Schema):
    """Somebody of the caller's operator, with all passkeys."""

    id = fields.String(required=True, metadata={"description": "What everyone else may read of this person"})
    name = fields.String(required=True)
    role = fields.String(required=True)
    created_at = fields.String(required=True)
    ended_at = fields.String(required=True, allow_none=True)
    passkeys = fields.List(fields.Nested(PasskeySchema), required=True)


class PersonListSchema(Schema):
    """Everybody of the caller's operator, the oldest first, those who left too."""

    people = fields.List(fields.Nested(PersonSchema), required=True)


class EnrolmentSchema(Schema):
    """A link to enrol a passkey with, once."""

    url = fields.String(required=True, metadata={"description": "Send it to this person only; it is shown once"})
    expires_at = fields.String(required=True)
