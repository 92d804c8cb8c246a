"""A registrar has looked at an alarm and found nothing to do: it is dismissed, with a reason, as a logged step."""

from sqlalchemy import Connection, update

from registry.applying.errors import AlarmSettled
from registry.applying.kept_checks import load_check
from registry.applying.tables import checks
from registry.applying.world import ApplyingWorld
from registry.checks.kept import CheckStatus, KeptCheck
from registry.deciding.guards import check_registrar
from registry.deciding.rules import check_reason
from registry.steps import Act, Step, log_step
from storage.engine import reading


def dismiss_alarm(check_id: str, *, reason: str, by: str | None, world: ApplyingWorld) -> KeptCheck:
    """Dismiss an alarm; the next check that fails raises another one. `by` is the registrar's id.

    The step names the check and the reason, not what was checked: that may be a person's number. Raises
    ApplicationInvalid, ReasonRefused, PersonNeeded, CheckUnknown, AlarmSettled, StoreUnavailable.
    """
    check_reason(reason)
    with reading(world.engine) as connection:
        person = check_registrar(connection, by)
        check = _load_alarm(connection, check_id)

    def guard(connection: Connection) -> None:
        check_registrar(connection, person, lock=True)
        _load_alarm(connection, check_id)

    def write(connection: Connection, _index: int) -> None:
        settled = update(checks).where(checks.c.id == check.id).values(status=CheckStatus.SETTLED.value)
        connection.execute(settled)

    said = {"kind": check.kind.value, "check": check.id, "reason": reason}
    step = Step(act=Act.ALARM_DISMISSED, at=world.now(), by=f"registrar {person}", said=said)
    log_step(check.operator_id, step, log=world.log, random=world.random, guards=(guard,), writes=(write,))
    with reading(world.engine) as connection:
        return load_check(connection, check.id)


def _load_alarm(connection: Connection, check_id: str) -> KeptCheck:
    check = load_check(connection, check_id)
    if check.status is not CheckStatus.ALARM:
        raise AlarmSettled("nobody has to look at this check any more")
    return check
