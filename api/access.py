"""Who may call what: every route says so, or the service does not start.

A view is marked by `api.auth.authorized(scope)`, by `open_to_all`, or by `decides_itself(…)` where it depends on what
is asked for; a page of the desk by the roles of the people it is for. Pages of neither are named by whoever adds them.
"""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Final

from flask import Flask

from registry.access import Access, View, mark, mark_of
from registry.api_keys import SCOPES
from registry.model import Role, Scope

__all__ = [
    "Access",
    "AccessUndeclared",
    "RouteAccess",
    "decides_itself",
    "format_matrix",
    "list_routes",
    "mark",
    "open_to_all",
]
_VARIABLE: Final = re.compile(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>")
_ALWAYS_ANSWERED: Final = frozenset({"HEAD", "OPTIONS"})


class AccessUndeclared(RuntimeError):
    """A route that does not say who may call it: a fault of the program."""


@dataclass(frozen=True, slots=True)
class RouteAccess:
    """One method of one address, and who may call it."""

    method: str
    path: str
    access: Access

    def allows(self, role: Role) -> bool:
        """Tell whether a credential of this role, or at the desk a person of it, may call it."""
        if self.access.people is not None:
            return role in self.access.people
        return self.access.scope is None or self.access.scope in SCOPES[role]


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
        access = mark_of(app.view_functions[rule.endpoint])
        if access is None and rule.endpoint in open_endpoints:
            access = Access()
        if access is None:
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
        anyone = access.scope is None and access.people is None
        says = "signed in at the desk" if access.people is not None else _scope(access)
        says += f" ({access.note})" if access.note else ""
        allowed = [anyone, *(route.allows(role) for role in Role)]
        cells = [f"`{route.method} {route.path}`", says, *("yes" if each else "" for each in allowed)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _scope(access: Access) -> str:
    return "–" if access.scope is None else f"`{access.scope.value}`"
