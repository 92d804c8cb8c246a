"""/v1/operator/promises and /v1/operator/totals: what an operator promises of a channel, and what it sent in it."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from flask import Response

from api.auth import authorized, calling_operator
from api.blueprint import ApiBlueprint, problem_responses
from api.current import world
from api.resources.contacts import iso, private
from api.schemas.sending import (
    EndPromiseSchema,
    NewPromiseSchema,
    PromiseListSchema,
    PromiseSchema,
    StatementSchema,
    TotalsListSchema,
    TotalsSchema,
)
from registry.model import Scope
from registry.sending.counting import count_seals, counted_seals
from registry.sending.model import DeclaredTotals, Promise, Total
from registry.sending.promises import end_promise, list_promises, make_promise
from registry.sending.totals import OLDEST, declare_totals, list_totals
from sigill.vocabulary import Channel
from storage.engine import reading

blueprint = ApiBlueprint("promises", __name__, url_prefix="/v1/operator", description="What operators promise")
_promise = PromiseSchema()
_promises = PromiseListSchema()
_totals = TotalsSchema()
_all_totals = TotalsListSchema()


@blueprint.get("/promises")
@authorized(Scope.OPERATOR_MANAGE)
@blueprint.response(200, PromiseListSchema)
@problem_responses(401, 403, 503)
def get_promises() -> Response:
    """List your operator's promises, the oldest first, those that ended too."""
    with reading(world().sending.engine) as connection:
        found = list_promises(connection, calling_operator().id)
    return private(_promises.dump({"promises": [promise_shape(promise) for promise in found]}))


@blueprint.post("/promises")
@authorized(Scope.OPERATOR_MANAGE)
@blueprint.arguments(NewPromiseSchema)
@blueprint.response(201, PromiseSchema)
@problem_responses(400, 401, 403, 413, 415, 422, 503)
def post_promise(body: dict[str, Any]) -> Response:
    """Promise to seal everything you send in a channel, or to announce every call, from a day on.

    Customers are told of it as soon as they ask about something without a seal. It begins today at the earliest.
    """
    promise = make_promise(
        calling_operator().id, body["channel"], since=body["since"], until=body.get("until"), world=world().sending
    )
    return private(_promise.dump(promise_shape(promise)), 201)


@blueprint.delete("/promises/<string:promise_id>")
@authorized(Scope.OPERATOR_MANAGE)
@blueprint.arguments(EndPromiseSchema)
@blueprint.response(200, PromiseSchema)
@problem_responses(400, 401, 403, 404, 413, 415, 422, 503)
def delete_promise(body: dict[str, Any], promise_id: str) -> Response:
    """End a promise, with notice: today and tomorrow are still covered."""
    promise = end_promise(calling_operator().id, promise_id, until=body.get("until"), world=world().sending)
    return private(_promise.dump(promise_shape(promise)))


@blueprint.get("/totals")
@authorized(Scope.OPERATOR_MANAGE)
@blueprint.response(200, TotalsListSchema)
@problem_responses(401, 403, 503)
def get_totals() -> Response:
    """List the totals your operator declared, every version, beside the seals we counted."""
    whose = calling_operator().id
    with reading(world().sending.engine) as connection:
        found = list_totals(connection, whose)
        counted = counted_seals(connection, whose, since=world().sending.now().date() - OLDEST - timedelta(days=1))
    return private(_all_totals.dump({"totals": [_shape(each, counted.get(each.day, {})) for each in found]}))


@blueprint.post("/totals")
@authorized(Scope.OPERATOR_MANAGE)
@blueprint.arguments(StatementSchema)
@blueprint.response(201, TotalsSchema)
@problem_responses(400, 401, 403, 413, 415, 422, 503)
def post_totals(body: dict[str, Any]) -> Response:
    """Declare how much you sent on a day, by channel, and how much of it sealed: signed with a client's key.

    Your page shows it beside the seals we issued that day. A correction is a new version; the older ones stay.
    """
    whose = calling_operator().id
    declared = declare_totals(whose, body["statement"], world=world().sending)
    count_seals(world().sending.engine, whose)
    with reading(world().sending.engine) as connection:
        counted = counted_seals(connection, whose, since=declared.day)
    return private(_totals.dump(_shape(declared, counted.get(declared.day, {}))), 201)


def promise_shape(promise: Promise) -> dict[str, Any]:
    """Return a promise as everyone may read it."""
    return {
        "id": promise.id,
        "kind": promise.kind.value,
        "channel": promise.channel.value,
        "since": promise.since.isoformat(),
        "until": _day(promise.until),
        "made_at": iso(promise.made_at),
        "ended_at": None if promise.ended_at is None else iso(promise.ended_at),
    }


def totals_shape(totals: Mapping[Channel, Total]) -> dict[str, Any]:
    """Return totals by channel."""
    return {channel.value: {"sent": total.sent, "sealed": total.sealed} for channel, total in totals.items()}


def _shape(declared: DeclaredTotals, counted: Mapping[Channel, int]) -> dict[str, Any]:
    return {
        "day": declared.day.isoformat(),
        "version": declared.version,
        "declared_at": iso(declared.declared_at),
        "thumbprint": declared.thumbprint,
        "by_channel": totals_shape(declared.totals),
        "counted": {channel.value: number for channel, number in counted.items()},
        "statement": declared.statement,
    }


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
