"""Shapes of withdrawing a message, and of the list of status lists."""

from typing import Final

from marshmallow import Schema, fields, validate

from api.fields import StrictSchema, Word
from api.schemas.places import LogPlaceSchema
from sigill.vocabulary import WithdrawalReason
from signing.withdraw import MAX_NOTE

_NOTE: Final = "One line for auditors. It stays in the log's record: no personal data"


class WithdrawSchema(StrictSchema):
    """Why a message is withdrawn."""

    reason = Word(WithdrawalReason, required=True)
    note = fields.String(validate=validate.Length(1, MAX_NOTE), metadata={"description": _NOTE})


class WithdrawnSchema(Schema):
    """A withdrawal, with its place in the operator's log and the proof of it."""

    id = fields.String(required=True)
    withdrawn_at = fields.String(required=True)
    reason = fields.String(required=True)
    log = fields.Nested(LogPlaceSchema, required=True)
    receipt = fields.String(required=True)


class WithdrawnStateSchema(Schema):
    """When and why a message was withdrawn, and where its operator's log says so."""

    at = fields.String(required=True)
    reason = fields.String(required=True)
    log_index = fields.Integer(required=True)


class StatusListsSchema(Schema):
    """Every status list in use (Token Status List draft-20, section 9.3)."""

    status_lists = fields.List(fields.String(), required=True)
