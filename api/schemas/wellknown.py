"""Shapes of what is published for other programs: keys, trust, addresses, health."""

from marshmallow import Schema, fields


class JwkSchema(Schema):
    """One P-256 key (RFC 7517): `typ` is the token type it signs, `nbf` and `exp` (Unix seconds) when it may."""

    kty = fields.String(required=True)
    crv = fields.String(required=True)
    x = fields.String(required=True)
    y = fields.String(required=True)
    kid = fields.String(required=True)
    alg = fields.String(required=True)
    use = fields.String(required=True)
    typ = fields.String(required=True)
    nbf = fields.Integer(required=True)
    exp = fields.Integer(required=True)
    compromised_at = fields.Integer(metadata={"description": "Since when the key is not believed"})


class JwksSchema(Schema):
    """The guarantor's published keys."""

    keys = fields.List(fields.Nested(JwkSchema), required=True)


class RootLogSchema(Schema):
    """A log: origin, the C2SP verifier key it signs with now, those it signed with before, and where it is served."""

    origin = fields.String(required=True)
    vkey = fields.String(required=True, metadata={"description": "The key that signs its checkpoints now"})
    url = fields.String(required=True)
    former_vkeys = fields.List(
        fields.String(), metadata={"description": "The keys that signed its checkpoints before, newest first"}
    )


class TrustedLogSchema(RootLogSchema):
    """One operator's log; `guarantor` is the guarantor's own."""

    operator = fields.String(required=True)


class TrustSchema(Schema):
    """Issuer, keys and logs in one file, as of `as_of` (Unix seconds)."""

    issuer = fields.String(required=True)
    as_of = fields.Integer(required=True)
    jwks = fields.Nested(JwksSchema, required=True)
    logs = fields.List(fields.Nested(TrustedLogSchema), required=True)
    root = fields.Nested(RootLogSchema, metadata={"description": "The log over all logs"})
    log_policy = fields.String(metadata={"description": "The witnesses asked to cosign the root log (tlog-policy)"})


class ConfigurationSchema(Schema):
    """Where everything is."""

    issuer = fields.String(required=True)
    audience = fields.String(required=True)
    jwks_uri = fields.String(required=True)
    trust_uri = fields.String(required=True)
    verification_endpoint = fields.String(required=True)
    operators_uri = fields.String(required=True)
    seal_types_supported = fields.List(fields.String(), required=True)
    seal_signing_alg_values_supported = fields.List(fields.String(), required=True)


class HealthSchema(Schema):
    """The process lives."""

    status = fields.String(required=True)


class ReadinessSchema(Schema):
    """Whether the service can work, and each part's state: `ok` or what is wrong."""

    ready = fields.Boolean(required=True)
    parts = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
