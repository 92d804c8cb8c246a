"""The shape of a problem (RFC 9457)."""

from marshmallow import Schema, fields


class FieldFaultSchema(Schema):
    """One wrong field: where (JSON pointer, RFC 6901), what, and what would be right."""

    pointer = fields.String(required=True, metadata={"example": "/authorship"})
    detail = fields.String(required=True)
    allowed_values = fields.List(fields.String())


class ProblemSchema(Schema):
    """What went wrong, and what to do next."""

    type = fields.String(required=True, metadata={"format": "uri", "description": "A page about this kind of problem"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String()
    next = fields.String(metadata={"description": "What to do about it"})
    errors = fields.List(fields.Nested(FieldFaultSchema))
    decision_id = fields.String()
    rules = fields.List(fields.Dict())
    instead = fields.List(fields.Dict())
    policy = fields.Dict()
    log = fields.Dict()
    retention = fields.Dict(metadata={"description": "The rule that keeps it, its basis and its sources"})
    ask_again_at = fields.String()
    findings = fields.List(fields.Dict())
