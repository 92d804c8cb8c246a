"""The SDK: sign and verify over HTTP, hashing at the source and believing nothing that is not proven.

    from sigill.client import Client

    client = Client("https://sigill.example", api_key=key)
    sealed = client.sign("Hej! Ditt kort är på väg.", authorship="ai", channel="chat", enquiry="informational")
    send(sealed.text)

Or, with a private key that never leaves the house, as a client (`sigill client-key new`):

    identity = ClientIdentity("cl-…", parse_private_key(Path("bot.pem").read_bytes()))
    client = Client("https://sigill.example", identity=identity)

Calls are tried again while that can help (`Patience`), with a key that makes it safe: nothing is sealed twice.

Needs urllib3, which `pip install sigill[client]` brings; the errors can be imported without it.
"""

from typing import TYPE_CHECKING

from sigill.client.credentials import ClientIdentity
from sigill.client.retry import Patience

if TYPE_CHECKING:
    from sigill.client.service import Client

__all__ = ["Client", "ClientIdentity", "Patience"]


def __getattr__(name: str) -> object:
    if name == "Client":
        from sigill.client.service import Client  # noqa: PLC0415 - urllib3 is loaded by those who need it only

        return Client
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
