"""Shapes of contact points, promises, totals and searches."""

from marshmallow import EXCLUDE, Schema, fields, validate

from api.fields import JsonInteger, StrictSchema, Word
from registry.clients.compact import MAX_CHARACTERS
from registry.sending.model import ContactKind
from registry.sending.searching import MAX_QUERY
from registry.sending.values import MAX_VALUE
from sigill.vocabulary import Channel

MAX_NOTE = 500
_QUERY = "A name, organisation number, LEI, domain, phone number or sender name"
_FORM = "phone +46…; sender_name; mail_domain; app apple:… or google:…; handle platform:name"


class NewContactSchema(StrictSchema):
    """Something the operator sends from."""

    kind = Word(ContactKind, required=True)
    value = fields.String(required=True, validate=validate.Length(1, MAX_VALUE), metadata={"description": _FORM})


class SendCodeSchema(StrictSchema):
    """How a code is to reach the phone, and in which language it is told."""

    way = fields.String(load_default="call", validate=validate.OneOf(["sms", "call"]))
    language = fields.String(load_default="en", validate=validate.OneOf(["sv", "en"]))


class ConfirmSchema(StrictSchema):
    """The six digits that came; none for a mail domain, which is confirmed by the domain proven before."""

    code = fields.String(validate=validate.Regexp(r"[0-9]{6}\Z"))


class DecideContactSchema(StrictSchema):
    """A registrar's word, which everyone may read: what was looked at, or why it is refused."""

    note = fields.String(required=True, validate=validate.Length(1, MAX_NOTE))


class ContactSchema(Schema):
    """A contact point as its operator sees it."""

    id = fields.String(required=True)
    operator = fields.String(required=True)
    kind = fields.String(required=True)
    value = fields.String(required=True)
    state = fields.String(required=True)
    note = fields.String(required=True, allow_none=True)
    method = fields.String(required=True, allow_none=True)
    declared_at = fields.String(required=True)
    verified_at = fields.String(required=True, allow_none=True)
    valid_until = fields.String(required=True, allow_none=True)
    ended_at = fields.String(required=True, allow_none=True)


class ContactListSchema(Schema):
    """Contact points, the oldest first."""

    contacts = fields.List(fields.Nested(ContactSchema), required=True)


class CodeSentSchema(Schema):
    """That a code is under way."""

    id = fields.String(required=True)
    expires_at = fields.String(required=True)


class NewPromiseSchema(StrictSchema):
    """What is promised of a channel; `until` is the first day that is not covered. Days are UTC."""

    channel = Word(Channel, required=True)
    since = fields.Date(required=True, format="iso")
    until = fields.Date(format="iso")


class EndPromiseSchema(StrictSchema):
    """The first day that the promise does not cover; by default the earliest there may be."""

    until = fields.Date(format="iso")


class PromiseSchema(Schema):
    """A promise. Calls are announced, everything else is sealed."""

    id = fields.String(required=True)
    kind = fields.String(required=True, metadata={"enum": ["seals", "announces"]})
    channel = fields.String(required=True)
    since = fields.String(required=True)
    until = fields.String(required=True, allow_none=True)
    made_at = fields.String(required=True)
    ended_at = fields.String(required=True, allow_none=True)


class PromiseListSchema(Schema):
    """Promises, the oldest first, those that ended too."""

    promises = fields.List(fields.Nested(PromiseSchema), required=True)


class StatementSchema(StrictSchema):
    """The totals of one day, signed with a client's key (typ sigill-totals+jwt)."""

    statement = fields.String(required=True, validate=validate.Length(1, MAX_CHARACTERS))


class TotalsSchema(Schema):
    """What was declared of one day. `counted` are the seals we issued; `by_channel` has sent and sealed."""

    day = fields.String(required=True)
    version = JsonInteger(required=True)
    declared_at = fields.String(required=True)
    thumbprint = fields.String(required=True)
    by_channel = fields.Dict(required=True)
    counted = fields.Dict(required=True)
    statement = fields.String(required=True)


class TotalsListSchema(Schema):
    """Declared totals, the newest day first, every version."""

    totals = fields.List(fields.Nested(TotalsSchema), required=True)


class SearchQuerySchema(Schema):
    """What is searched for; other parameters, such as a page's language, are left alone."""

    class Meta:
        """Marshmallow's options."""

        unknown = EXCLUDE

    q = fields.String(load_default="", validate=validate.Length(max=MAX_QUERY), metadata={"description": _QUERY})


class FoundSchema(Schema):
    """One operator that was found, and by what: a name that only resembles what was asked says `resembles`."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    identifier = fields.String(required=True)
    industry = fields.String(required=True)
    state = fields.String(required=True)
    match = fields.String(required=True)
    url = fields.String(required=True)


class SearchSchema(Schema):
    """At most twenty operators; `more` tells that there are others."""

    results = fields.List(fields.Nested(FoundSchema), required=True)
    more = fields.Boolean(required=True)


class PublicContactSchema(Schema):
    """A contact point that is verified as the sender's, how and when."""

    kind = fields.String(required=True)
    value = fields.String(required=True)
    method = fields.String(required=True)
    verified_at = fields.String(required=True)
    valid_until = fields.String(required=True)
