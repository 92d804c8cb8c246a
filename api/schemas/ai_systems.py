"""Shapes of an operator's AI systems."""

from marshmallow import Schema, fields, validate

from api.fields import StrictSchema
from api.schemas.registry import SystemSchema
from registry.application import MAX_NAME

_NAME = validate.Length(1, MAX_NAME)


class NewSystemSchema(StrictSchema):
    """An AI system to register. Its name, provider and model are public, and stand in its seals."""

    system = fields.String(
        required=True, validate=validate.Length(2, 63), metadata={"description": "What you call it: a-z, 0-9 and -"}
    )
    name = fields.String(required=True, validate=_NAME)
    provider = fields.String(validate=_NAME)
    model = fields.String(validate=_NAME)


class SystemListSchema(Schema):
    """An operator's AI systems, those out of use too."""

    ai_systems = fields.List(fields.Nested(SystemSchema), required=True)
