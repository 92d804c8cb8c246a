"""Who may call a view: the mark that every route carries, whichever package it is of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from registry.model import Role, Scope

MARK: Final = "_sigill_access"
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call a view: whoever has `scope` or, without one, anyone; `note` says what it depends on else.

    With `people` it is a page of the desk: for whoever is signed in there in one of these roles, and for no key.
    """

    scope: Scope | None = None
    note: str = ""
    people: frozenset[Role] | None = None


def mark(view: View, access: Access) -> View:
    """Return the view, marked."""
    setattr(view, MARK, access)
    return view


def mark_of(view: Callable[..., Any]) -> Access | None:
    """Return who may call a view, as it is marked; None where it is not."""
    found = getattr(view, MARK, None)
    return found if isinstance(found, Access) else None
