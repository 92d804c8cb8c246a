"""Shapes of erasing, and of what a log's auditor is shown of erasures."""

from enum import StrEnum
from typing import Final

from marshmallow import Schema, fields, validate

from api.fields import StrictSchema, Word
from api.schemas.places import LogPlaceSchema
from sigill.tlog.erasure import MAX_REQUESTER, Ground

_REQUESTER: Final = "A reference in your own files. It stays in the log's record for ever: no personal data"


class AskedGround(StrEnum):
    """The grounds an operator may give; an order is given to the guarantor, and expiry is the service's own."""

    DATA_SUBJECT_REQUEST = Ground.DATA_SUBJECT_REQUEST.value
    LEGAL_OBLIGATION = Ground.LEGAL_OBLIGATION.value
    OPERATOR_REQUEST = Ground.OPERATOR_REQUEST.value


class EraseSchema(StrictSchema):
    """Why something is erased, and who asks."""

    ground = Word(AskedGround, required=True)
    requester = fields.String(
        required=True, validate=validate.Length(1, MAX_REQUESTER), metadata={"description": _REQUESTER}
    )


class ErasedSchema(Schema):
    """An erasure, with its place in the operator's log and the proof of it."""

    id = fields.String(required=True)
    erased_at = fields.String(required=True)
    ground = fields.String(required=True, metadata={"enum": [word.value for word in Ground]})
    requester = fields.String(required=True)
    erased_index = fields.Integer(required=True, metadata={"description": "The leaf whose content is gone"})
    log = fields.Nested(LogPlaceSchema, required=True, metadata={"description": "The leaf that says so"})
    receipt = fields.String(required=True)


class AfterSchema(StrictSchema):
    """Where a page begins."""

    after = fields.String(validate=validate.Length(1, 128), metadata={"description": "`next` of the page before"})


class TombstoneSchema(Schema):
    """A leaf whose content is gone, and the `erase` leaf that says so."""

    index = fields.Integer(required=True)
    kind = fields.String(required=True)
    erased_by = fields.Integer(required=True)


class ErasureRecordSchema(Schema):
    """The record behind an `erase` leaf, in base64url: its SHA-256 is the leaf's `h`."""

    index = fields.Integer(required=True)
    record = fields.String(required=True)


class ErasuresSchema(Schema):
    """A page of a log's erasures: some `erase` leaves with everything they erased, by rising index."""

    tombstones = fields.List(fields.Nested(TombstoneSchema), required=True)
    records = fields.List(fields.Nested(ErasureRecordSchema), required=True)
    next = fields.String(required=True, allow_none=True)
