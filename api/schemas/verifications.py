"""Shapes of verification: what was brought, and the report."""

from marshmallow import Schema, fields, validate

from api.fields import Hash, StrictSchema, Word
from api.schemas.message_fields import Recipient
from api.schemas.messages import MAX_TEXT
from api.schemas.places import PlaceInConversationSchema
from api.schemas.registry import SuccessorSchema
from api.schemas.sending import PromiseSchema, PublicContactSchema
from sigill.vocabulary import Channel, Language
from verification.claimed import MAX_SENDER, Finding

MAX_SEAL = 65_536
MAX_HASHES = 200
_SENDER = "An operator's id or name, a phone number, a sender of text messages, a mail domain or address"


class ClaimedSchema(StrictSchema):
    """Who a message without a seal says it is from; looked up only where nothing is signed."""

    sender = fields.String(required=True, validate=validate.Length(1, MAX_SENDER), metadata={"description": _SENDER})
    channel = Word(Channel, required=True)
    day = fields.Date(format="iso", metadata={"description": "The day it came (UTC); default: today"})


class VerifySchema(StrictSchema):
    """Exactly one of seal, code, link and text; the rest is compared with it. Nothing of the content is stored."""

    seal = fields.String(validate=validate.Length(1, MAX_SEAL))
    code = fields.String(validate=validate.Length(1, 64))
    link = fields.String(validate=validate.Length(1, 2048))
    text = fields.String(validate=validate.Length(1, MAX_TEXT))
    content = fields.String(validate=validate.Length(1, MAX_TEXT), metadata={"description": "The text as received"})
    h = fields.List(Hash(), load_default=list, validate=validate.Length(max=MAX_HASHES))
    links = fields.List(Hash(), validate=validate.Length(max=100))
    files = fields.List(Hash(), validate=validate.Length(max=100))
    recipient = Recipient(metadata={"description": "The number or address the message came to"})
    claimed = fields.Nested(ClaimedSchema)
    language = Word(Language, metadata={"description": "Of the plain words; else from Accept-Language"})


class CheckSchema(Schema):
    """One named check."""

    check = fields.String(required=True)
    outcome = fields.String(required=True, metadata={"enum": ["passed", "failed", "not_checked"]})
    detail = fields.String(required=True, metadata={"description": "A code; says why"})
    words = fields.String(required=True, metadata={"description": "The same in plain words"})


class SenderSchema(Schema):
    """Who sealed it, as the seal says, and where the operator stands now."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    identifier = fields.String(required=True)
    industry = fields.String(required=True)
    assurance_level = fields.Integer(required=True)
    environment = fields.String(required=True)
    state_now = fields.String(required=True, allow_none=True)
    successor = fields.Nested(SuccessorSchema, required=True, allow_none=True)
    demonstration = fields.Boolean(
        required=True, allow_none=True, metadata={"description": "Made up, checked by nobody"}
    )
    page = fields.String(required=True)


class ActingSchema(Schema):
    """Who sealed it for the sender, under a mandate of it, as the seal says."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    identifier = fields.String(required=True)
    mandate = fields.String(required=True)
    since = fields.String(required=True)
    words = fields.String(required=True, metadata={"description": "The same in plain words"})
    page = fields.String(required=True)


class AuthorshipSchema(Schema):
    """Who wrote it, how sure that is, and in plain words."""

    by = fields.String(required=True)
    role = fields.String(required=True)
    attestation = fields.String(required=True)
    words = fields.String(required=True)
    w3c = fields.String(required=True)
    header = fields.String(required=True)
    eu_icon = fields.String(required=True, allow_none=True)
    source_type = fields.String(required=True)
    ai_system = fields.Dict(required=True, allow_none=True)


class LogStateSchema(Schema):
    """Where the seal stands in which log."""

    origin = fields.String(required=True, allow_none=True)
    index = fields.Integer(required=True, allow_none=True)


class ContentSchema(Schema):
    """The part of the text the seal covers, and what it does not cover."""

    matched = fields.String(required=True)
    before = fields.String(required=True)
    after = fields.String(required=True)


class ClaimedOperatorSchema(Schema):
    """Who a message claims to be from, as the registry knows it."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    state = fields.String(required=True)
    page = fields.String(required=True)


class SendingSchema(Schema):
    """Beside the answer, never changing it: the sender's verified contact points, and what was found of a claim."""

    finding = fields.String(required=True, allow_none=True, metadata={"enum": [*Finding, None]})
    words = fields.String(required=True)
    day = fields.String(required=True, allow_none=True)
    operator = fields.Nested(ClaimedOperatorSchema, required=True, allow_none=True)
    match = fields.String(required=True, allow_none=True)
    promise = fields.Nested(PromiseSchema, required=True, allow_none=True)
    contacts = fields.List(fields.Nested(PublicContactSchema), required=True)


class VerdictSchema(Schema):
    """The plain answer, the checks it rests on, and what is proven about the sender."""

    answer = fields.String(required=True)
    reason = fields.String(required=True)
    headline = fields.String(required=True)
    withdrawn_at = fields.String(
        required=True, allow_none=True, metadata={"description": "When the sender withdrew the message, if it did"}
    )
    newer_version_at = fields.String(
        required=True, allow_none=True, metadata={"description": "When the sender sealed a newer version, if it did"}
    )
    why = fields.String(required=True)
    next = fields.String(required=True)
    checks = fields.List(fields.Nested(CheckSchema), required=True)
    sender = fields.Nested(SenderSchema, required=True, allow_none=True)
    acting = fields.Nested(ActingSchema, required=True, allow_none=True)
    authorship = fields.Nested(AuthorshipSchema, required=True, allow_none=True)
    channel = fields.String(required=True, allow_none=True)
    purpose = fields.String(required=True, allow_none=True)
    sealed_at = fields.String(required=True, allow_none=True)
    sent_at = fields.String(required=True, allow_none=True)
    conversation = fields.Nested(PlaceInConversationSchema, required=True, allow_none=True)
    decision = fields.Dict(required=True, allow_none=True)
    content = fields.Nested(ContentSchema, required=True, allow_none=True)
    log = fields.Nested(LogStateSchema, required=True, allow_none=True)
    seal = fields.String(required=True, allow_none=True)
    proof = fields.String(required=True, allow_none=True)
    receipt = fields.String(required=True, allow_none=True)
    sending = fields.Nested(SendingSchema, required=True, allow_none=True)
