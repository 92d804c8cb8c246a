"""What the service's own command lines share: opening the services, doing a command, telling what came of it."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from settings import read_settings
from wiring import Services, build_services

REFUSED: Final = 1
NOT_TRIED: Final = 2
Command = Callable[[argparse.Namespace, Services], Iterator[str]]
Errors = tuple[type[Exception], ...]


def run_command(
    do: Callable[[Services], Iterator[str]], environment: Mapping[str, str], *, refusals: Errors, failures: Errors
) -> int:
    """Do something with the services of a folder that was started once; return the exit code.

    What `do` yields is told on stdout line by line, why it was refused or not done on stderr. Other errors are raised.
    """
    os.umask(0o077)
    try:
        settings = read_settings(environment)
        if not (settings.var / "guarantor.json").exists():
            sys.stderr.write(f"There is no service in {settings.var}: start it once, or set VAR to its folder.\n")
            return NOT_TRIED
        services = build_services(settings)
        try:
            for line in do(services):
                sys.stdout.write(f"{line}\n")
        finally:
            services.engine.dispose()
    except refusals as error:
        sys.stderr.write(f"Refused: {error}.\n")
        return REFUSED
    except failures as error:
        sys.stderr.write(f"Not done: {error}\n")
        return NOT_TRIED
    return 0
