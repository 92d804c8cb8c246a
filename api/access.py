"""Who may call what: every route says so, or the service does not start.

A view is marked by `api.auth.authorized(scope)`, by `open_to_all`, or by `decides_itself(…)` where it depends on what
is asked for. Pages that are not of this package are named by whoever adds them.
"""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from flask import Flask

from registry.api_keys import SCOPES
from registry.model import Role, Scope

_MARK: Final = "_sigill_access"
_VARIABLE: Final = re.compile(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>")
_ALWAYS_ANSWERED: Final = frozenset({"HEAD", "OPTIONS"})
View = TypeVar("View", bound=Callable[..., Any])


class AccessUndeclared(RuntimeError):
    """A route that does not say who may call it: a fault of the program."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call a view: whoever has `scope` or, without one, anyone; `note` says what it depends on else."""

    scope: Scope | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class RouteAccess:
    """One method of one address, and who may call it."""

    method: str
    path: str
    access: Access

    def allows(self, role: Role) -> bool:
        """Tell whether a credential of this role may call it."""
        return self.access.scope is None or self.access.scope in SCOPES[role]


def mark(view: View, access: Access) -> View:
    """Return the view, marked."""
    setattr(view, _MARK, access)
    return view


def open_to_all(view: View) -> View:
    """Mark a view that anyone may call, with no key."""
    return mark(view, Access())


def decides_itself(note: str, *, scope: Scope | None = None) -> Callable[[View], View]:
    """Mark a view that looks itself at who calls; `note` says how, for people."""
    return lambda view: mark(view, Access(scope, note))


def list_routes(app: Flask, *, open_endpoints: Collection[str] = ()) -> list[RouteAccess]:
    """Return every route with who may call it, by address. Raises AccessUndeclared."""
    found: list[RouteAccess] = []
    for rule in app.url_map.iter_rules():
        access = getattr(app.view_functions[rule.endpoint], _MARK, None)
        if access is None and rule.endpoint in open_endpoints:
            access = Access()
        if not isinstance(access, Access):
            raise AccessUndeclared(f"{rule.endpoint} ({rule.rule}) does not say who may call it")
        path = _VARIABLE.sub(r"{\1}", rule.rule)
        found += [RouteAccess(method, path, access) for method in (rule.methods or set()) - _ALWAYS_ANSWERED]
    return sorted(found, key=lambda route: (route.path, route.method))


def format_matrix(found: Iterable[RouteAccess]) -> str:
    """Return the routes as a Markdown table: a column for nobody, and one a role."""
    head = ["route", "scope", "no key", *(role.value for role in Role)]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for route in found:
        access = route.access
        says = "–" if access.scope is None else f"`{access.scope.value}`"
        says += f" ({access.note})" if access.note else ""
        allowed = [access.scope is None, *(route.allows(role) for role in Role)]
        cells = [f"`{route.method} {route.path}`", says, *("yes" if each else "" for each in allowed)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
