"""Shapes of mandates: what an operator lets another one seal for it."""

from marshmallow import Schema, fields, validate

from api.fields import JsonInteger, StrictSchema, Word
from registry.mandates.model import MAX_DAILY, MandateParty, MandateState
from sigill.vocabulary import Channel, Enquiry, Purpose

_OPERATOR = validate.Length(1, 63)


class NewMandateSchema(StrictSchema):
    """A mandate to give; it is of use once the other operator has accepted it."""

    to = fields.String(required=True, validate=_OPERATOR, metadata={"description": "The id of who may seal for you"})
    channels = fields.List(Word(Channel), required=True, validate=validate.Length(1, len(Channel)))
    enquiries = fields.List(
        Word(Enquiry),
        validate=validate.Length(1, len(Enquiry)),
        metadata={"description": "Kinds of enquiry; default: all"},
    )
    purposes = fields.List(Word(Purpose), required=True, validate=validate.Length(1, len(Purpose)))
    valid_from = fields.AwareDateTime(format="iso", metadata={"description": "Default: now"})
    valid_until = fields.AwareDateTime(
        format="iso", required=True, metadata={"description": "At most a year after it begins"}
    )
    daily_messages = JsonInteger(
        validate=validate.Range(1, MAX_DAILY), metadata={"description": "The most messages of one day (UTC)"}
    )


class PartySchema(Schema):
    """One party of a mandate."""

    id = fields.String(required=True)
    name = fields.String(required=True)


class MandateSchema(Schema):
    """A mandate as everybody may see it; an offer is seen by its parties only."""

    id = fields.String(required=True)
    principal = fields.Nested(PartySchema, required=True, metadata={"description": "For whom messages are sealed"})
    mandatary = fields.Nested(PartySchema, required=True, metadata={"description": "Who may seal them"})
    state = fields.String(required=True, metadata={"enum": [word.value for word in MandateState]})
    channels = fields.List(fields.String(), required=True)
    enquiries = fields.List(fields.String(), required=True, allow_none=True, metadata={"description": "null: all"})
    purposes = fields.List(fields.String(), required=True)
    valid_from = fields.String(required=True)
    valid_until = fields.String(required=True)
    daily_messages = fields.Integer(required=True, allow_none=True)
    given_at = fields.String(required=True)
    accepted_at = fields.String(required=True, allow_none=True)
    revoked_at = fields.String(required=True, allow_none=True)
    revoked_by = fields.String(
        required=True, allow_none=True, metadata={"enum": [*(word.value for word in MandateParty), None]}
    )


class OwnMandateSchema(MandateSchema):
    """A mandate as its parties see it."""

    sealed_today = fields.Integer(required=True, metadata={"description": "Messages sealed under it today (UTC)"})


class MandateListSchema(Schema):
    """An operator's mandates, given and got, the newest first."""

    mandates = fields.List(fields.Nested(OwnMandateSchema), required=True)
