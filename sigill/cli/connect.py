"""The client, loaded only by commands that need the network."""

import argparse
from typing import TYPE_CHECKING

from sigill.cli.environment import default_url
from sigill.cli.exits import Stop

if TYPE_CHECKING:
    from sigill.client import Client
    from sigill.report.trust import Trust


def add_url(parser: argparse.ArgumentParser) -> None:
    """Add `--url`, where the service is."""
    parser.add_argument("--url", metavar="URL", help="the service; default: SIGILL_URL, else this machine, port 8000")


def connect(arguments: argparse.Namespace, *, api_key: str | None = None, trust: "Trust | None" = None) -> "Client":
    """Return a client of the service. Raises Stop where urllib3 is not installed."""
    try:
        from sigill.client import Client  # noqa: PLC0415 - offline work needs no urllib3
    except ModuleNotFoundError as error:
        if error.name != "urllib3":
            raise
        raise Stop("Asking the service needs urllib3. Install it: pip install sigill[client]") from None
    return Client(arguments.url or default_url(), api_key=api_key, trust=trust)
