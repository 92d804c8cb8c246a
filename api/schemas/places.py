"""Where something stands: in a log, in a conversation."""

from marshmallow import Schema, fields


class LogPlaceSchema(Schema):
    """Where in which log."""

    origin = fields.String(required=True)
    index = fields.Integer(required=True)


class PlaceInConversationSchema(Schema):
    """A message's place in its conversation."""

    id = fields.String(required=True)
    seq = fields.Integer(required=True)
