"""Shapes of a message's proof."""

from marshmallow import Schema, fields

from api.schemas.places import LogPlaceSchema


class CosignedSchema(Schema):
    """A witness that cosigned the root checkpoint, and when (Unix seconds)."""

    witness = fields.String(required=True)
    at = fields.Integer(required=True)


class RootPlaceSchema(Schema):
    """The root checkpoint that the receipt ends in."""

    origin = fields.String(required=True)
    size = fields.Integer(required=True)
    cosigned = fields.List(fields.Nested(CosignedSchema), required=True)


class ProofSchema(Schema):
    """A message's receipt: a tlog-proof, with a second one inside it once the root log holds the message."""

    id = fields.String(required=True)
    log = fields.Nested(LogPlaceSchema, required=True)
    receipt = fields.String(required=True)
    root = fields.Nested(RootPlaceSchema, required=True, allow_none=True)
