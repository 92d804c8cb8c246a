"""Shapes of the registry's public answers."""

from marshmallow import Schema, fields, validate

from api.fields import StrictSchema
from api.schemas.mandates import MandateSchema
from api.schemas.sending import PromiseSchema, PublicContactSchema


class EvidenceSchema(Schema):
    """One check of an operator's identity."""

    kind = fields.String(required=True)
    method = fields.String(required=True)
    checked_by = fields.String(required=True)
    valid_from = fields.String(required=True)
    valid_until = fields.String(required=True)


class StateSchema(Schema):
    """One step of an operator's life cycle."""

    state = fields.String(required=True)
    since = fields.String(required=True)
    reason = fields.String(required=True)


class SystemSchema(Schema):
    """One registered AI system."""

    system = fields.String(required=True)
    name = fields.String(required=True)
    provider = fields.String(required=True, allow_none=True)
    model = fields.String(required=True, allow_none=True)
    active = fields.Boolean(required=True)


class OperatorLogSchema(Schema):
    """The operator's log: origin, C2SP verifier key, and where it is served."""

    origin = fields.String(required=True)
    vkey = fields.String(required=True)
    url = fields.String(required=True)


class DaySchema(Schema):
    """One day (UTC): what the operator declared that it sent and sealed, by channel, and the seals we counted."""

    day = fields.String(required=True)
    version = fields.Integer(required=True)
    declared = fields.Dict(required=True)
    counted = fields.Dict(required=True)


class SendingPolicySchema(Schema):
    """What the operator verifiably sends from, what it promises, and its totals of the last month."""

    contacts = fields.List(fields.Nested(PublicContactSchema), required=True)
    promises = fields.List(fields.Nested(PromiseSchema), required=True)
    totals = fields.List(fields.Nested(DaySchema), required=True)


class FormerNameSchema(Schema):
    """What an operator was called before."""

    name = fields.String(required=True)
    until = fields.String(required=True)


class SuccessorSchema(Schema):
    """The operator that another went over into, as it is called today."""

    id = fields.String(required=True)
    name = fields.String(required=True)


class StepSchema(Schema):
    """One step of an operator, as its log has it."""

    index = fields.Integer(required=True, metadata={"description": "Its leaf in the operator's log"})
    act = fields.String(required=True)
    at = fields.String(required=True)
    by = fields.String(required=True)
    said = fields.Dict(required=True)


class StepListSchema(Schema):
    """Steps of an operator, the newest first."""

    steps = fields.List(fields.Nested(StepSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class BeforeSchema(StrictSchema):
    """Where a page begins."""

    after = fields.String(validate=validate.Length(1, 128), metadata={"description": "`next` of the page before"})


class OperatorSchema(Schema):
    """Who an operator is and how that was checked."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    identifier = fields.String(required=True)
    industry = fields.String(required=True)
    environment = fields.String(required=True)
    markets = fields.List(fields.String(), required=True)
    state = fields.String(required=True)
    assurance_level = fields.Integer(required=True)
    history = fields.List(fields.Nested(StateSchema), required=True)
    evidence = fields.List(fields.Nested(EvidenceSchema), required=True)
    ai_systems = fields.List(fields.Nested(SystemSchema), required=True)
    website = fields.String(required=True, allow_none=True)
    phone = fields.String(required=True, allow_none=True)
    former_names = fields.List(fields.Nested(FormerNameSchema), required=True)
    successor = fields.Nested(SuccessorSchema, required=True, allow_none=True)
    steps = fields.List(
        fields.Nested(StepSchema), required=True, metadata={"description": "The newest; `/steps` has them all"}
    )
    log = fields.Nested(OperatorLogSchema, required=True, allow_none=True)
    demonstration = fields.Boolean(required=True)
    mandates = fields.List(
        fields.Nested(MandateSchema), required=True, metadata={"description": "Who may seal for whom, past ones too"}
    )
    sending = fields.Nested(SendingPolicySchema, required=True)


class OperatorSummarySchema(Schema):
    """One line of the list of operators."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    industry = fields.String(required=True)
    state = fields.String(required=True)
    url = fields.String(required=True)


class OperatorListSchema(Schema):
    """All operators, by name."""

    operators = fields.List(fields.Nested(OperatorSummarySchema), required=True)
