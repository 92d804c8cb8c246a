"""Shapes of clients, their keys, and the tokens they get."""

from typing import Any, Final

from marshmallow import Schema, fields, validate

from api.fields import StrictSchema, Word
from api.schemas.messages import AiSchema
from registry.application import MAX_NAME
from registry.clients.compact import MAX_CHARACTERS
from registry.errors import OAuthError
from registry.model import Role

_JWK: Final = "A public JWK: P-256 (ES256), Ed25519 (EdDSA) or RSA (PS256)"
_PROOF: Final = "A JWT (typ sigill-key-proof+jwt) signed with this very key: see docs/access.md"
_THUMBPRINT: Final = "The key's name: its RFC 7638 thumbprint"


class PublicJwk(fields.Field[Any]):
    """A JSON object, read strictly where it is taken."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - marshmallow's own options
        super().__init__(metadata={"type": "object", "description": _JWK}, **kwargs)


class KeySchema(StrictSchema):
    """A public key to register, with the proof that its private half is held."""

    jwk = PublicJwk(required=True)
    proof = fields.String(required=True, validate=validate.Length(1, MAX_CHARACTERS), metadata={"description": _PROOF})
    valid_from = fields.AwareDateTime(format="iso", metadata={"description": "When it may first be used; default: now"})
    valid_until = fields.AwareDateTime(format="iso", metadata={"description": "When it ends; default: after a year"})


class NewClientSchema(StrictSchema):
    """A client to register, with its first key."""

    name = fields.String(required=True, validate=validate.Length(1, MAX_NAME))
    role = Word(Role, required=True)
    ai = fields.Nested(AiSchema, metadata={"description": "The only AI system it can sign as (attestation level B)"})
    key = fields.Nested(KeySchema, required=True)


class KeyStateSchema(Schema):
    """A key of a client; never a private half, for nobody here has it."""

    thumbprint = fields.String(required=True, metadata={"description": _THUMBPRINT})
    alg = fields.String(required=True)
    valid_from = fields.String(required=True)
    valid_until = fields.String(required=True)
    created_at = fields.String(required=True)
    revoked_at = fields.String(required=True, allow_none=True)


class ClientSchema(Schema):
    """A client with all its keys."""

    client_id = fields.String(required=True)
    name = fields.String(required=True)
    role = fields.String(required=True)
    ai = fields.Nested(AiSchema, required=True, allow_none=True)
    created_at = fields.String(required=True)
    revoked_at = fields.String(required=True, allow_none=True)
    keys = fields.List(fields.Nested(KeyStateSchema), required=True)


class ClientListSchema(Schema):
    """All clients of the caller's operator."""

    clients = fields.List(fields.Nested(ClientSchema), required=True)


class TokenSchema(Schema):
    """An access token (RFC 6749 section 5.1)."""

    access_token = fields.String(required=True)
    token_type = fields.String(required=True, metadata={"enum": ["Bearer"]})
    expires_in = fields.Integer(required=True, metadata={"description": "Seconds"})
    scope = fields.String(required=True, metadata={"description": "What it may do, words divided by blanks"})


class TokenErrorSchema(Schema):
    """Why there is no token (RFC 6749 section 5.2)."""

    error = fields.String(required=True, metadata={"enum": [word.value for word in OAuthError]})
    error_description = fields.String(required=True)


class AuthorizationServerSchema(Schema):
    """Authorization server metadata (RFC 8414)."""

    issuer = fields.String(required=True)
    token_endpoint = fields.String(required=True)
    jwks_uri = fields.String(required=True)
    scopes_supported = fields.List(fields.String(), required=True)
    response_types_supported = fields.List(fields.String(), required=True)
    grant_types_supported = fields.List(fields.String(), required=True)
    token_endpoint_auth_methods_supported = fields.List(fields.String(), required=True)
    token_endpoint_auth_signing_alg_values_supported = fields.List(fields.String(), required=True)
    service_documentation = fields.String(required=True)
