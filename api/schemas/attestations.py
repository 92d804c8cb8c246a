"""Shapes of releases: a message to release, the release that waits, an authenticator's answer."""

from typing import Any, Final

from marshmallow import Schema, fields, validate

from api.fields import StrictSchema
from api.schemas.messages import PlainMessageSchema
from sigill.presence.assertion import MAX_AUTHENTICATOR_DATA_BYTES, MAX_CLIENT_DATA_BYTES, MAX_SIGNATURE_BYTES

_PERSON: Final = r"^pe-[0-9a-hjkmnp-tv-z]{20}\Z"
_MAX_ID: Final = 1366


def _base64url(most_bytes: int, description: str, *, required: bool = True) -> fields.String:
    longest = (most_bytes * 4 + 2) // 3
    return fields.String(
        required=required, validate=validate.Length(1, longest), metadata={"description": f"{description}, base64url"}
    )


class AskedReleaseSchema(StrictSchema):
    """What is to be released: the message exactly as it will be sealed, and (but for an AI's) by whom."""

    person = fields.String(
        validate=validate.Regexp(_PERSON, error="the id of a person: pe- and 20 symbols"),
        metadata={"description": "Who is to release it; left out where an AI system signs"},
    )
    message = fields.Nested(PlainMessageSchema, required=True)


class WaitingReleaseSchema(Schema):
    """A release that waits for five minutes."""

    id = fields.String(required=True)
    expires_at = fields.String(required=True)
    statement = fields.String(
        required=True, metadata={"description": "What is released, as canonical JSON; an AI system signs this"}
    )
    challenge = fields.String(required=True, metadata={"description": "What a passkey signs, base64url"})
    page = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Where the person reads and releases it: what follows # is a secret; null for an AI"},
    )


class AuthenticatorAnswerSchema(StrictSchema):
    """`response` of a PublicKeyCredential (WebAuthn level 3, AuthenticatorAssertionResponseJSON)."""

    clientDataJSON = _base64url(MAX_CLIENT_DATA_BYTES, "What the browser says")  # noqa: N815 - WebAuthn's name
    authenticatorData = _base64url(MAX_AUTHENTICATOR_DATA_BYTES, "What the authenticator says")  # noqa: N815
    signature = _base64url(MAX_SIGNATURE_BYTES, "The signature over both")
    userHandle = fields.String(allow_none=True, validate=validate.Length(max=128))  # noqa: N815


class AssertionSchema(StrictSchema):
    """A PublicKeyCredential as its `toJSON()` gives it; what is not needed here is not looked at."""

    id = fields.String(required=True, validate=validate.Length(1, _MAX_ID))
    rawId = fields.String(validate=validate.Length(1, _MAX_ID))  # noqa: N815
    type = fields.String(validate=validate.Equal("public-key"))
    authenticatorAttachment = fields.String(allow_none=True, validate=validate.Length(max=32))  # noqa: N815
    clientExtensionResults = fields.Dict(validate=validate.Length(max=8))  # noqa: N815
    response = fields.Nested(AuthenticatorAnswerSchema, required=True)


class GivenReleaseSchema(Schema):
    """A release that somebody gave: now the message can be sealed with it."""

    id = fields.String(required=True)
    message_id = fields.String(required=True)
    expires_at = fields.String(required=True)


class ReleaseEvidenceSchema(Schema):
    """The kept evidence, byte for byte what the seal's `att.ev` is the SHA-256 of: see docs/releases.md."""

    v = fields.Integer(required=True)
    statement = fields.Dict(required=True)
    passkey = fields.Dict()
    key = fields.Dict()

    def dump(self, obj: Any, **_options: Any) -> Any:  # noqa: ANN401 - the bytes are answered as they are
        """Return the value itself."""
        return obj
