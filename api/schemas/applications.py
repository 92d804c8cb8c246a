"""Shapes of applying, of an operator's own view of itself, and of the checks that are made of it."""

from typing import Final

from marshmallow import Schema, fields, validate

from api.fields import StrictSchema, Word
from api.schemas.clients import PublicJwk
from registry.application import MAX_NAME
from registry.applying.domains import MAX_DOMAINS
from registry.checks.domain_names import MAX_DOMAIN
from registry.checks.identifiers import MAX_TEXT
from registry.clients.compact import MAX_CHARACTERS
from registry.model import Environment
from sigill.application.signed import MAX_JWS_CHARACTERS
from sigill.vocabulary import Industry

_ID: Final = "2 to 63 of a-z, 0-9 and -; made of the name if left out; in the test environment it ends in -test"
_IDENTIFIER: Final = "EN 319 412-1, such as NTRSE-5560360793 or LEIXG-…; left out in the test environment"
_PROOF: Final = (
    "A JWT (typ sigill-key-proof+jwt) signed with this very key; its sub is your id or, without one, the issuer: "
    "docs/access.md"
)
_DOMAIN: Final = "Your own domain, such as example.se; letters like å are fine"
MAX_MARKETS: Final = 60
_MAX_URL: Final = 500


class OwnKeySchema(StrictSchema):
    """The public key to apply with, and the proof that its private half is held."""

    jwk = PublicJwk(required=True)
    proof = fields.String(required=True, validate=validate.Length(1, MAX_CHARACTERS), metadata={"description": _PROOF})


class NewApplicationSchema(StrictSchema):
    """An application to the registry."""

    name = fields.String(required=True, validate=validate.Length(1, MAX_NAME))
    environment = Word(Environment, required=True)
    industry = Word(Industry, required=True)
    markets = fields.List(
        fields.String(validate=validate.Length(1, 10)), required=True, validate=validate.Length(1, MAX_MARKETS)
    )
    key = fields.Nested(OwnKeySchema, required=True)
    id = fields.String(validate=validate.Length(2, 63), metadata={"description": _ID})
    identifier = fields.String(validate=validate.Length(1, MAX_TEXT), metadata={"description": _IDENTIFIER})
    lei = fields.String(validate=validate.Length(20, 20), metadata={"description": "A LEI beside the identifier"})
    website = fields.String(validate=validate.Length(1, 200))
    phone = fields.String(validate=validate.Length(1, 32))
    domains = fields.List(
        fields.String(validate=validate.Length(1, MAX_DOMAIN + 1)), validate=validate.Length(0, MAX_DOMAINS)
    )


class RecordSchema(Schema):
    """A DNS record to publish."""

    name = fields.String(required=True)
    type = fields.String(required=True, metadata={"enum": ["TXT"]})
    text = fields.String(required=True)


class FileSchema(Schema):
    """A file to publish instead of the record."""

    url = fields.String(required=True)
    content = fields.String(required=True)


class IdentityCheckSchema(Schema):
    """One check: passed, failed, or could not be checked, which is neither."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    subject = fields.String(required=True)
    outcome = fields.String(required=True)
    status = fields.String(required=True, metadata={"description": "alarm: a registrar looks at it"})
    method = fields.String(required=True)
    reason = fields.String(required=True)
    detail = fields.String(required=True)
    facts = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    checked_by = fields.String(required=True)
    checked_at = fields.String(required=True)
    valid_until = fields.String(required=True, allow_none=True)
    evidence = fields.String(required=True, allow_none=True)


class ChallengeSchema(Schema):
    """A domain, and what is to be published for it: the record or the file, one of the two."""

    domain = fields.String(required=True)
    record = fields.Nested(RecordSchema, required=True)
    file = fields.Nested(FileSchema, required=True)
    last_day = fields.String(required=True)
    proven = fields.Boolean(required=True, metadata={"description": "Whether it is shown to be yours now"})


class MissingSchema(Schema):
    """What still has to be shown, and what would show it."""

    need = fields.String(required=True)
    kinds = fields.List(fields.String(), required=True)
    words = fields.String(required=True)
    last = fields.Nested(IdentityCheckSchema, required=True, allow_none=True)


class ApiKeysSchema(Schema):
    """API keys, shown this once."""

    admin = fields.String(required=True)
    signer = fields.String(required=True, allow_none=True)


class AppliedSchema(Schema):
    """An application that was taken."""

    operator = fields.String(required=True)
    identifier = fields.String(required=True)
    environment = fields.String(required=True)
    state = fields.String(required=True)
    client_id = fields.String(required=True, metadata={"description": "The client of the key that you applied with"})
    api_keys = fields.Nested(ApiKeysSchema, required=True)
    domains = fields.List(fields.Nested(ChallengeSchema), required=True)
    missing = fields.List(fields.Nested(MissingSchema), required=True)
    next = fields.List(fields.String(), required=True)
    links = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class HeldEvidenceSchema(Schema):
    """Evidence that an operator has."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    method = fields.String(required=True)
    checked_by = fields.String(required=True)
    valid_from = fields.String(required=True)
    valid_until = fields.String(required=True)


class OwnStateSchema(Schema):
    """Where an operator stands, as it sees it itself."""

    operator = fields.String(required=True)
    name = fields.String(required=True)
    identifier = fields.String(required=True)
    industry = fields.String(required=True)
    environment = fields.String(required=True)
    state = fields.String(required=True)
    reason = fields.String(required=True, metadata={"description": "Why it stands there"})
    assurance_level = fields.Integer(required=True)
    test_operator = fields.String(required=True, allow_none=True)
    evidence = fields.List(fields.Nested(HeldEvidenceSchema), required=True)
    checks = fields.List(fields.Nested(IdentityCheckSchema), required=True)
    domains = fields.List(fields.Nested(ChallengeSchema), required=True)
    missing = fields.List(fields.Nested(MissingSchema), required=True)
    next = fields.List(fields.String(), required=True)


class NewDomainSchema(StrictSchema):
    """A domain to show."""

    domain = fields.String(
        required=True, validate=validate.Length(1, MAX_DOMAIN + 1), metadata={"description": _DOMAIN}
    )


class DomainsSchema(Schema):
    """An operator's domains."""

    domains = fields.List(fields.Nested(ChallengeSchema), required=True)


class IdentityChecksSchema(Schema):
    """Checks, the newest first."""

    checks = fields.List(fields.Nested(IdentityCheckSchema), required=True)


class SignedApplicationSchema(StrictSchema):
    """An application signed with a seal certificate: what `sigill sign-application` writes."""

    application = fields.String(required=True, validate=validate.Length(1, MAX_JWS_CHARACTERS))


class LicenceSchema(StrictSchema):
    """A licence as a registrar saw it in the authority's register. Days are UTC's."""

    authority = fields.String(required=True, validate=validate.Length(1, 120))
    number = fields.String(required=True, validate=validate.Length(1, 60))
    url = fields.String(required=True, validate=validate.Length(1, _MAX_URL))
    seen_on = fields.Date(format="iso", required=True)
    valid_until = fields.Date(format="iso", metadata={"description": "The licence's last day, if it has one"})


class RegisterRecordSchema(StrictSchema):
    """An organisation as a registrar saw it in a company register. The day is UTC's."""

    register = fields.String(required=True, validate=validate.Length(1, 120))
    name = fields.String(
        required=True, validate=validate.Length(1, 120), metadata={"description": "As it stands there"}
    )
    number = fields.String(required=True, validate=validate.Length(1, 120))
    url = fields.String(required=True, validate=validate.Length(1, _MAX_URL))
    seen_on = fields.Date(format="iso", required=True)


class AnswerSchema(Schema):
    """What was answered in a check; `body` is base64 (RFC 4648), null where only its hash is kept."""

    source = fields.String(required=True)
    media_type = fields.String(required=True)
    sha256 = fields.String(required=True)
    size = fields.Integer(required=True)
    body = fields.String(required=True, allow_none=True)
    at = fields.String(required=True)


class CheckedSchema(IdentityCheckSchema):
    """A check with everything that was answered."""

    operator = fields.String(required=True)
    answers = fields.List(fields.Nested(AnswerSchema), required=True)


class AlarmSchema(IdentityCheckSchema):
    """A check that a registrar has to look at."""

    operator = fields.String(required=True)


class AlarmsSchema(Schema):
    """The checks that a registrar has to look at, the newest first."""

    alarms = fields.List(fields.Nested(AlarmSchema), required=True)
