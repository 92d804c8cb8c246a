"""For registrars: evidence that was lost or has to be renewed, the checks of an operator, and licences as seen."""

from datetime import date
from typing import Final

from flask import Response

from registry.applying.alarms import dismiss_alarm
from registry.applying.checking import enter_licence, enter_register_record
from registry.applying.kept_checks import list_alarms, list_checks
from registry.checks.licence import LicenceRecord
from registry.checks.register_record import RegisterRecord
from registry.errors import ApplicationInvalid
from registry.model import Role
from registry.operators import load_operator
from storage.engine import reading
from web.desk.parts import Desk
from web.desk.request import DeskRequest

pages: Final = Desk("alarms")
_REGISTRARS: Final = frozenset({Role.REGISTRAR})
_SHOWN: Final = 100


@pages.page("/alarms", roles=_REGISTRARS, navigation="alarms.title")
def alarms(request: DeskRequest) -> Response:
    """List what a registrar has to look at."""
    with reading(request.world.engine) as connection:
        found = list_alarms(connection, limit=_SHOWN)
    return request.render("desk/alarms.html", alarms=found)


@pages.action("/alarms/dismissal", roles=_REGISTRARS, shows=alarms, recent=True)
def dismiss(request: DeskRequest) -> Response:
    """Dismiss an alarm, with a reason that everyone can read."""
    check, reason = request.form["check"], request.form["reason"].strip()
    dismiss_alarm(check, reason=reason, by=request.person.id, world=request.world.applying)
    return request.go("/alarms", said="alarms.dismissed")


@pages.page("/checks/<string:operator_id>", roles=_REGISTRARS)
def checks(request: DeskRequest, operator_id: str) -> Response:
    """Show the checks of one operator, and the forms for what a registrar saw of it."""
    with reading(request.world.engine) as connection:
        operator = load_operator(connection, operator_id)
        found = list_checks(connection, operator_id, limit=_SHOWN)
    return request.render("desk/checks.html", operator=operator, checks=found)


@pages.action("/checks/<string:operator_id>/licence", roles=_REGISTRARS, shows=checks, recent=True)
def enter(request: DeskRequest, operator_id: str) -> Response:
    """Enter an operator's licence as the registrar saw it."""
    form = request.form
    record = LicenceRecord(
        authority=form["authority"].strip(),
        number=form["number"].strip(),
        url=form["url"].strip(),
        seen_on=_day(form["seen_on"]),
        valid_until=_day(form["valid_until"]) if form["valid_until"] else None,
    )
    enter_licence(operator_id, record, by=request.by, world=request.world.applying)
    return request.go(f"/checks/{operator_id}", said="alarms.entered")


@pages.action("/checks/<string:operator_id>/register", roles=_REGISTRARS, shows=checks, recent=True)
def enter_record(request: DeskRequest, operator_id: str) -> Response:
    """Enter an operator as the registrar saw it in a company register."""
    form = request.form
    record = RegisterRecord(
        register=form["register"].strip(),
        name=form["register_name"].strip(),
        number=form["register_number"].strip(),
        url=form["register_url"].strip(),
        seen_on=_day(form["register_seen_on"]),
    )
    enter_register_record(operator_id, record, by=request.by, world=request.world.applying)
    return request.go(f"/checks/{operator_id}", said="alarms.record_entered")


def _day(text: str) -> date:
    """Return a day as a form sends it. Raises ApplicationInvalid."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ApplicationInvalid("a day is written as 2026-11-29") from None
