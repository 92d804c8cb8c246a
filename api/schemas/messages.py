"""Shapes of signing: a message in, a sealed message out."""

from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate

from api.declarations import Declarations, sign_request
from api.fields import Hash, JsonInteger, StrictBoolean, StrictSchema, Word
from api.schemas.message_fields import LONGEST_ADDRESS, AttestationField, Recipient
from api.schemas.places import LogPlaceSchema, PlaceInConversationSchema
from api.schemas.problems import ProblemSchema
from api.schemas.withdrawals import WithdrawnStateSchema
from sigill.policy.words import Scope
from sigill.vocabulary import Authorship, Channel, Direction, DisclosureMode, Draft, Enquiry, Language, Purpose, Role
from signing.request import SignRequest

MAX_TEXT: Final = 262_144
MAX_LINKS: Final = 100
MAX_BATCH: Final = 1000
_LONGEST_NAME: Final = 128
_SHORT: Final = validate.Length(1, _LONGEST_NAME)
_AI_SYSTEM: Final = validate.Length(1, 63)


class DigestSchema(StrictSchema):
    """A message hashed at its source."""

    canon = fields.String(required=True, validate=validate.Equal("nu1"), metadata={"enum": ["nu1"]})
    h = Hash(required=True)
    hx = Hash(required=True)
    n = JsonInteger(required=True, validate=validate.Range(0, MAX_TEXT))
    links = fields.List(Hash(), load_default=list, validate=validate.Length(max=MAX_LINKS))


class AttachmentSchema(StrictSchema):
    """An attachment by its SHA-256; the name is for the operator's own eyes and not kept."""

    name = fields.String(load_default="", validate=validate.Length(max=255))
    h = Hash(required=True)


class CustomerSchema(StrictSchema):
    """What the operator declares about the customer."""

    jurisdiction = fields.String(
        validate=validate.Regexp(
            r"^[A-Z]{2}(-[A-Z0-9]{1,3})?\Z", error="a country such as SE, or a state such as US-CA"
        ),
        metadata={"example": "SE"},
    )
    vulnerable = StrictBoolean(load_default=False)


class AiSchema(StrictSchema):
    """The registered AI system that took part."""

    system = fields.String(required=True, validate=_AI_SYSTEM)


class QuestionSchema(StrictSchema):
    """Everything a decision needs."""

    authorship = Word(Authorship, required=True)
    channel = Word(Channel, required=True)
    enquiry = Word(Enquiry, required=True)
    purpose = Word(Purpose, load_default=Purpose.SERVICE)
    direction = Word(Direction)
    language = Word(Language)
    conversation = fields.String(validate=_SHORT, metadata={"description": "Your own reference; kept as a keyed hash"})
    customer = fields.Nested(CustomerSchema, load_default=dict)
    scope = fields.List(Word(Scope), load_default=list, validate=validate.Length(max=10))
    disclosure = Word(DisclosureMode)
    ai = fields.Nested(AiSchema)
    draft = Word(Draft)
    role = Word(Role, load_default=Role.OPERATOR)

    def load(self, data: Any, **options: Any) -> SignRequest:  # noqa: ANN401 - any JSON value
        """Return the request that a JSON value asks for. Raises ValidationError."""
        return sign_request(super().load(data, **options))


class PlainMessageSchema(QuestionSchema):
    """One message; exactly one of text, html and digest."""

    _declarations = Declarations(
        {"text": MAX_TEXT, "conversation": _LONGEST_NAME, "recipient": LONGEST_ADDRESS, "agent": _LONGEST_NAME}
    )

    text = fields.String(validate=validate.Length(1, MAX_TEXT))
    html = fields.String(validate=validate.Length(1, MAX_TEXT))
    digest = fields.Nested(DigestSchema)
    attachments = fields.List(fields.Nested(AttachmentSchema), load_default=list, validate=validate.Length(max=100))
    recipient = Recipient(metadata={"description": 'E.164 number, e-mail address, or {"reference": "…"}'})
    agent = fields.String(validate=_SHORT, metadata={"description": "Pseudonym of who wrote or released it"})
    sent_at = fields.AwareDateTime(
        format="iso", error_messages={"invalid": "a time with its zone, such as 2026-11-22T14:02:00Z"}
    )
    edits = fields.String(
        validate=validate.Regexp(r"^[0-7][0-9A-HJKMNP-TV-Z]{25}\Z", error="the id of a message: 26 symbols"),
        metadata={"description": "The id of an earlier message that this one replaces"},
    )

    def load(self, data: Any, **options: Any) -> SignRequest:  # noqa: ANN401 - any JSON value
        """Return the request that a JSON value asks for. Raises ValidationError."""
        request = self._declarations.read(data)
        if request is None:
            request = super().load(data, **options)
            self._declarations.remember(data, request)
        return request


class MessageSchema(PlainMessageSchema):
    """One message to seal; exactly one of text, html and digest."""

    attestation = AttestationField(
        metadata={"description": "Seal at level A what was released: see POST /v1/attestations/options"}
    )


class BatchSchema(StrictSchema):
    """Messages to seal, each answered for itself; those of one conversation are sealed in the order given."""

    max_bytes = 8 * 1024 * 1024

    messages = fields.List(
        fields.Nested(MessageSchema), required=True, validate=validate.Length(1, MAX_BATCH), metadata={"minItems": 1}
    )

    def load(self, data: Any, **_options: Any) -> list[Any]:  # noqa: ANN401 - any JSON value
        """Return the messages as they came: each is read for itself. Raises ValidationError."""
        if not isinstance(data, dict):
            raise ValidationError({"_schema": ["a JSON object is needed"]})
        for name in data:
            if name != "messages":
                raise ValidationError({str(name): ["there is no such field; did you mean messages?"]})
        messages = data.get("messages")
        if not isinstance(messages, list) or not 1 <= len(messages) <= MAX_BATCH:
            raise ValidationError({"messages": [f"a list of 1 to {MAX_BATCH} messages is needed"]})
        return messages


class LayerSchema(Schema):
    """One file that decided."""

    name = fields.String(required=True)
    version = fields.String(required=True)
    digest = fields.String(required=True)


class PolicySchema(Schema):
    """What decided: name, version, and digest over the layers in order."""

    name = fields.String(required=True)
    version = fields.String(required=True)
    digest = fields.String(required=True)
    layers = fields.List(fields.Nested(LayerSchema), required=True)


class RuleSchema(Schema):
    """One rule that made the decision."""

    id = fields.String(required=True)
    verdict = fields.String(required=True)
    basis = fields.String(required=True)
    sources = fields.List(fields.Dict(), required=True)
    why = fields.String(required=True)
    layer = fields.String(required=True)


class ObligationSchema(Schema):
    """One thing that is owed."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    basis = fields.String(required=True)
    sources = fields.List(fields.Dict(), required=True)
    parameters = fields.Dict(required=True)
    deadline_minutes = fields.Integer(required=True, allow_none=True)
    minutes_left = fields.Integer(required=True, allow_none=True)
    asked = fields.List(
        fields.Dict(), required=True, metadata={"description": "Who asks for it: basis, parameters, sources of each"}
    )


class InsteadSchema(Schema):
    """What to change."""

    kind = fields.String(required=True)
    value = fields.String(required=True)
    why = fields.String(required=True)


class DecisionSchema(Schema):
    """What the policy says of one message."""

    verdict = fields.String(required=True)
    rules = fields.List(fields.Nested(RuleSchema), required=True)
    obligations = fields.List(fields.Nested(ObligationSchema), required=True)
    texts = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    instead = fields.List(fields.Nested(InsteadSchema), required=True)
    policy = fields.Nested(PolicySchema, required=True)


class OwedObligationSchema(Schema):
    """One thing that is owed, by its id."""

    id = fields.String(required=True)
    deadline_minutes = fields.Integer(required=True, allow_none=True)
    minutes_left = fields.Integer(required=True, allow_none=True)


class OwedSchema(Schema):
    """What a sender acts on, of a decision."""

    verdict = fields.String(required=True)
    obligations = fields.List(fields.Nested(OwedObligationSchema), required=True)
    texts = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


_BRIEF: Final = {"description": "With `Prefer: return=minimal`, in place of `decision`"}


class SealedSchema(Schema):
    """A sealed message with everything needed to send it."""

    id = fields.String(required=True)
    conversation = fields.Nested(PlaceInConversationSchema)
    seal = fields.String(required=True)
    code = fields.String(required=True)
    link = fields.String(required=True)
    embedded_text = fields.String()
    decision = fields.Nested(DecisionSchema)
    owed = fields.Nested(OwedSchema, metadata=_BRIEF)
    log = fields.Nested(LogPlaceSchema, required=True)
    receipt = fields.String(required=True)


class StoredSchema(Schema):
    """A message sealed earlier: its JWS without disclosures, and a receipt against the newest checkpoint."""

    id = fields.String(required=True)
    seal = fields.String(required=True)
    code = fields.String(required=True)
    link = fields.String(required=True)
    sealed_at = fields.String(required=True)
    log = fields.Nested(LogPlaceSchema, required=True)
    receipt = fields.String(required=True)
    withdrawn = fields.Nested(WithdrawnStateSchema, required=True, allow_none=True)


class ResultSchema(Schema):
    """One message's answer in a batch: with status 201 all that a sealed message has, else a problem."""

    status = fields.Integer(required=True)
    problem = fields.Nested(ProblemSchema)
    id = fields.String()
    conversation = fields.Nested(PlaceInConversationSchema)
    seal = fields.String()
    code = fields.String()
    link = fields.String()
    embedded_text = fields.String()
    decision = fields.Nested(DecisionSchema)
    owed = fields.Nested(OwedSchema, metadata=_BRIEF)
    log = fields.Nested(LogPlaceSchema)
    receipt = fields.String()


class ResultsSchema(Schema):
    """The answers of a batch, in the order of its messages."""

    results = fields.List(fields.Nested(ResultSchema), required=True)
