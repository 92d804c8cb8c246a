"""Who asks: nobody, the holder of an API key, or a client with a private key. Needs no urllib3."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from sigill.client.errors import SettingsRefused
from sigill.keys.private_key import PrivateKey

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sigill.client.http import HttpAnswer

_REFUSED: Final = 401


class Bearer(Protocol):
    """Who asks. Threads may share it."""

    def token(self) -> str | None:
        """Return what is sent as bearer token, None for nobody. Raises as every call of the client."""

    def renew(self, refused: str) -> bool:
        """Tell whether another token is worth a try now that the service has refused this one."""


@dataclass(frozen=True, slots=True)
class ClientIdentity:
    """A registered client: its id at the service, and the private key that never leaves the house."""

    client_id: str
    key: PrivateKey


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key, or None for nobody. Raises SettingsRefused for what cannot be one."""

    text: str | None = field(repr=False)

    def __post_init__(self) -> None:
        if self.text is not None and not (self.text.isascii() and self.text.isprintable() and self.text):
            raise SettingsRefused("The API key holds characters no key has. Copy the whole key again.")

    def token(self) -> str | None:
        """Return the key."""
        return self.text

    def renew(self, refused: str) -> bool:  # noqa: ARG002 - a key is what it is
        """Return False: there is no other."""
        return False


NOBODY: Final = ApiKey(None)


def ask_as(bearer: Bearer, ask: "Callable[[Mapping[str, str]], HttpAnswer]") -> "HttpAnswer":
    """Return what `ask` answers with the header that says who asks; once more where a token was refused (401)."""
    token = bearer.token()
    if token is None:
        return ask({})
    answer = ask(_header(token))
    if answer.status == _REFUSED and bearer.renew(token):
        other = bearer.token()
        return answer if other is None else ask(_header(other))
    return answer


def _header(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
