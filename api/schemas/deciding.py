"""Shapes of deciding about operators: what registrars and operators send, and what a registrar sees."""

from typing import Final

from marshmallow import Schema, fields, validate

from api.fields import StrictBoolean, StrictSchema, Word
from api.schemas.registry import OperatorSchema
from registry.application import MAX_NAME, MAX_REASON
from registry.deciding.model import AppealStatus, Decision, LikenessStatus, NameKind, ProposalStatus
from registry.lookalikes import Likeness

_REASON: Final = "Public, and for ever: no personal data"
_WHO: Final = "The id of a registrar"
_MAX_ID: Final = 63


def _reason() -> fields.String:
    return fields.String(required=True, validate=validate.Length(1, MAX_REASON), metadata={"description": _REASON})


class ProposeSchema(StrictSchema):
    """A decision to propose."""

    decision = Word(Decision, required=True)
    reason = _reason()
    name = fields.String(validate=validate.Length(1, MAX_NAME), metadata={"description": "The new one, to rename"})
    into = fields.String(validate=validate.Length(1, _MAX_ID), metadata={"description": "The other operator, to merge"})


class ReasonSchema(StrictSchema):
    """Why."""

    reason = _reason()


class NothingSchema(StrictSchema):
    """An empty object."""


class AppealAnswerSchema(StrictSchema):
    """The answer to an appeal."""

    upheld = StrictBoolean(required=True)
    answer = _reason()


class ProposalSchema(Schema):
    """A decision on its way, or taken."""

    operator = fields.String(required=True)
    number = fields.Integer(required=True, metadata={"description": "The leaf it began with, in the operator's log"})
    decision = fields.String(required=True, metadata={"enum": [word.value for word in Decision]})
    reason = fields.String(required=True)
    name = fields.String(required=True, allow_none=True)
    into = fields.String(required=True, allow_none=True)
    persons = fields.Integer(required=True, metadata={"description": "How many persons it takes"})
    status = fields.String(required=True, metadata={"enum": [word.value for word in ProposalStatus]})
    overdue = fields.Boolean(required=True, metadata={"description": "Unconfirmed for more than 72 hours"})
    proposed_by = fields.String(required=True, metadata={"description": _WHO})
    proposed_at = fields.String(required=True)
    confirmed_by = fields.String(required=True, allow_none=True, metadata={"description": _WHO})
    closed_by = fields.String(required=True, allow_none=True, metadata={"description": _WHO})
    closed_reason = fields.String(required=True, allow_none=True)
    closed_at = fields.String(required=True, allow_none=True)


class HitSchema(Schema):
    """Another operator's name."""

    operator = fields.String(required=True)
    name = fields.String(required=True)
    likeness = fields.String(required=True, metadata={"enum": [word.value for word in Likeness]})


class LikenessSchema(Schema):
    """A name that could be taken for others'."""

    operator = fields.String(required=True)
    number = fields.Integer(required=True)
    kind = fields.String(required=True, metadata={"enum": [word.value for word in NameKind]})
    name = fields.String(required=True)
    resembles = fields.List(fields.Nested(HitSchema), required=True)
    status = fields.String(required=True, metadata={"enum": [word.value for word in LikenessStatus]})
    found_at = fields.String(required=True)
    closed_by = fields.String(required=True, allow_none=True, metadata={"description": _WHO})
    reason = fields.String(required=True, allow_none=True)
    closed_at = fields.String(required=True, allow_none=True)


class AppealSchema(Schema):
    """What an operator says against a decision, and the answer."""

    operator = fields.String(required=True)
    number = fields.Integer(required=True)
    about = fields.String(required=True, metadata={"description": "`state-<position>` or `proposal-<number>`"})
    reason = fields.String(required=True)
    made_at = fields.String(required=True)
    status = fields.String(required=True, metadata={"enum": [word.value for word in AppealStatus]})
    answered_by = fields.String(required=True, allow_none=True, metadata={"description": _WHO})
    answer = fields.String(required=True, allow_none=True)
    answered_at = fields.String(required=True, allow_none=True)


class ApplicationSchema(Schema):
    """An operator that has applied."""

    operator = fields.String(required=True)
    name = fields.String(required=True)
    industry = fields.String(required=True)
    since = fields.String(required=True)


class QueueAlarmSchema(Schema):
    """Something to see at once."""

    operator = fields.String(required=True)
    what = fields.String(required=True)
    since = fields.String(required=True)


class QueueSchema(Schema):
    """What waits for a registrar, the oldest first; at most 200 of each."""

    alarms = fields.List(fields.Nested(QueueAlarmSchema), required=True)
    proposals = fields.List(fields.Nested(ProposalSchema), required=True)
    appeals = fields.List(fields.Nested(AppealSchema), required=True)
    likenesses = fields.List(fields.Nested(LikenessSchema), required=True)
    applications = fields.List(fields.Nested(ApplicationSchema), required=True)
    is_cut = fields.Boolean(required=True, metadata={"description": "There is more than is shown"})


class CaseSchema(Schema):
    """Everything a registrar needs to decide about one operator."""

    operator = fields.Nested(OperatorSchema, required=True)
    missing = fields.List(fields.String(), required=True, metadata={"description": "Evidence it lacks, as codes"})
    persons = fields.Integer(required=True, metadata={"description": "How many a decision about it takes"})
    proposals = fields.List(fields.Nested(ProposalSchema), required=True)
    likenesses = fields.List(fields.Nested(LikenessSchema), required=True)
    appeals = fields.List(fields.Nested(AppealSchema), required=True)
