"""What a view of the desk gets, and the pages it gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Response
from markupsafe import Markup

from registry.errors import ScopeMissing
from registry.model import Operator, OperatorId
from registry.people.model import Person
from registry.people.sessions import Session
from web.dates import tell_date, tell_day, tell_time_shortly
from web.desk.frame import DeskFrame, redirect_to, render_desk
from web.desk.words import DeskWords
from web.desk.world import DeskWorld


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong with a form: a sentence of the desk's language, else the English one of the error itself."""

    text: str
    language: str
    status: int


class Sent(dict[str, str]):
    """The fields of a form; one that was not sent is empty, so that a page shows a form alike before and after."""

    def __missing__(self, name: str) -> str:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskRequest:
    """Who asks, signed in and of a right role, for what. `operator` is None for the guarantor's own people.

    `form` is what was sent, the first value of each name; a page shown again after a fault gets it too, so that nobody
    writes anything twice. `lists` holds all values of a name. `query` is the address's.
    """

    world: DeskWorld
    session: Session
    operator: Operator | None
    words: DeskWords
    frame: DeskFrame
    form: Sent = field(default_factory=Sent, repr=False)
    lists: Mapping[str, list[str]] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    fault: Fault | None = None

    @property
    def person(self) -> Person:
        """Who asks."""
        return self.session.person

    @property
    def by(self) -> str:
        """Return who takes a step, as everyone may read it (`Step.by`): the role and the id, never a name."""
        return f"{self.person.role} {self.person.id}"

    def own_operator(self) -> Operator:
        """Return the operator the person acts for. Raises ScopeMissing for the guarantor's own people."""
        if self.operator is None:
            raise ScopeMissing("this is for an operator's own people")
        return self.operator

    @property
    def operator_id(self) -> OperatorId | None:
        """The operator the person acts for; None for the guarantor's own people."""
        return self.person.operator_id

    def t(self, key: str, **values: object) -> str:
        """Return a text of the desk in the person's language."""
        return self.words.label(key, **values)

    def render(
        self,
        template: str,
        *,
        status: int = 200,
        scripts: tuple[str, ...] = (),
        connect: bool = False,
        **values: Any,  # noqa: ANN401
    ) -> Response:
        """Return a page. `scripts` are files of web/static; `connect` lets them ask this service for more."""
        shown = {
            "request": self,
            "form": self.form,
            "day": lambda at: tell_day(at, language=self.frame.spoken, zone=self.world.zone),
            "time": lambda at: tell_time_shortly(at, language=self.frame.spoken, zone=self.world.zone),
            "date": lambda day: tell_date(day, language=self.frame.spoken),
            "csrf": self._csrf(),
        }
        fault_status = self.fault.status if self.fault is not None else status
        return render_desk(
            template,
            frame=self.frame,
            words=self.words,
            status=fault_status,
            scripts=scripts,
            connect=connect,
            fault=self.fault,
            **shown,
            **values,
        )

    def go(self, path: str, *, said: str | None = None) -> Response:
        """Return to a page of the desk (`/queue`), which says the text `said` once."""
        return redirect_to(f"/desk{path}", said=said, secure=self.world.secure)

    def _csrf(self) -> Markup:
        return Markup('<input type="hidden" name="csrf" value="{}">').format(self.session.csrf)
