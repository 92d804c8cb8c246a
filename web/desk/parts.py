"""How a part of the desk says which pages and actions it has, and for whom.

    pages = Desk("queue")

    @pages.page("/queue", roles={Role.REGISTRAR}, navigation="queue.title")
    def queue(request: DeskRequest) -> Response:
        return request.render("desk/queue.html", waiting=…)

    @pages.action("/queue/<number>/accept", roles={Role.REGISTRAR}, shows=queue, recent=True)
    def accept(request: DeskRequest, number: str) -> Response:
        …                                            # a SigillError raised here is told on the page `shows`
        return request.go("/queue", said="queue.accepted")

A page (GET) changes nothing. An action (POST) runs only for a form of this very session. `recent`: only for whoever
signed in within the last quarter of an hour, for what a borrowed session must not do.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from flask import Response

from registry.model import Role

View = Callable[..., Response]
"""A view of the desk: takes a `DeskRequest`, and by name what its address holds."""

EVERYONE: Final = frozenset(Role)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskRoute:
    """One page or action. `path` is what follows /desk; `navigation` the key of its word in the menu."""

    endpoint: str
    path: str
    method: str
    view: View
    roles: frozenset[Role]
    navigation: str | None = None
    shows: View | None = None
    recent: bool = False


class Desk:
    """The pages and actions of one part, in the order they are written; `name` is the part's."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.routes: list[DeskRoute] = []

    def page(self, path: str, *, roles: Iterable[Role], navigation: str | None = None) -> Callable[[View], View]:
        """Add a page for people of these roles."""
        return self._added(path, "GET", roles, navigation=navigation)

    def action(
        self, path: str, *, roles: Iterable[Role], shows: View | None = None, recent: bool = False
    ) -> Callable[[View], View]:
        """Add what a form does; what goes wrong is told on the page `shows`, which takes the same parts."""
        return self._added(path, "POST", roles, shows=shows, recent=recent)

    def _added(self, path: str, method: str, roles: Iterable[Role], **more: Any) -> Callable[[View], View]:  # noqa: ANN401
        def add(view: View) -> View:
            endpoint = f"{self.name}_{getattr(view, '__name__', 'view')}"
            route = DeskRoute(endpoint=endpoint, path=path, method=method, view=view, roles=frozenset(roles), **more)
            self.routes.append(route)
            return view

        return add
