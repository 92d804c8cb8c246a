"""Pages of the desk for who is not signed in: they look after themselves, and say so in the matrix of access."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Response

DoorView = Callable[..., Response]
"""A view that takes the world, and by name what its address holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One open page or form. `note` says what decides in its place, for people."""

    endpoint: str
    path: str
    method: str
    view: DoorView
    note: str = ""


class Doors:
    """The open pages of one part."""

    def __init__(self) -> None:
        self.doors: list[Door] = []

    def page(self, path: str, *, note: str = "") -> Callable[[DoorView], DoorView]:
        """Add a page."""
        return self._added(path, "GET", note)

    def form(self, path: str, *, note: str = "") -> Callable[[DoorView], DoorView]:
        """Add what a form does. The view checks itself who sent it (`doors.check_origin`)."""
        return self._added(path, "POST", note)

    def _added(self, path: str, method: str, note: str) -> Callable[[DoorView], DoorView]:
        def add(view: DoorView) -> DoorView:
            name = getattr(view, "__name__", "door")
            self.doors.append(Door(endpoint=name, path=path, method=method, view=view, note=note))
            return view

        return add
