"""The client, loaded only by commands that need the network."""

import argparse
from typing import TYPE_CHECKING, Final

from sigill.cli.credentials import Caller
from sigill.cli.environment import default_url
from sigill.cli.exits import Stop
from sigill.cli.show import harmless, tell
from sigill.client.errors import ServiceUnavailable
from sigill.client.retry import Patience

if TYPE_CHECKING:
    from sigill.client import Client
    from sigill.report.trust import Trust


_LONGEST_S: Final = 86_400.0
_NOBODY: Final = Caller()


def add_url(parser: argparse.ArgumentParser) -> None:
    """Add `--url`, where the service is."""
    parser.add_argument("--url", metavar="URL", help="the service; default: SIGILL_URL, else this machine, port 8000")


def add_retry(parser: argparse.ArgumentParser) -> None:
    """Add `--retry-for`, how long to go on."""
    parser.add_argument(
        "--retry-for",
        type=_seconds,
        metavar="SECONDS",
        default=30.0,
        help="go on trying for so long while the service is away or busy; nothing is done twice (default: 30)",
    )


def connect(arguments: argparse.Namespace, *, caller: Caller = _NOBODY, trust: "Trust | None" = None) -> "Client":
    """Return a client of the service that asks as `caller`. Raises Stop without urllib3.

    It tries again if there is a `--retry-for`.
    """
    try:
        from sigill.client import Client  # noqa: PLC0415 - offline work needs no urllib3
    except ModuleNotFoundError as error:
        if error.name != "urllib3":
            raise
        raise Stop("Asking the service needs urllib3. Install it: pip install sigill[client]") from None
    patience = Patience(for_s=getattr(arguments, "retry_for", 0.0), on_retry=_tell_pause)
    return Client(
        arguments.url or default_url(),
        api_key=caller.api_key,
        identity=caller.identity,
        trust=trust,
        patience=patience,
    )


def _tell_pause(error: ServiceUnavailable, pause_s: float) -> None:
    tell(harmless(f"{error} (Trying again in {pause_s:.1f} s.)"))


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= _LONGEST_S:
        raise argparse.ArgumentTypeError("a number of seconds is needed, 0 to 86400")
    return seconds
