"""Who this guarantor is: written into the data folder at the first start, the same ever after."""

import json
from dataclasses import dataclass

from settings import Settings, SettingsInvalid, check_unchanged
from sigill.report.trust import ROOT
from signing.keys.files import publish_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who this guarantor is: fixed at the first start, whatever port or host it later runs on."""

    issuer: str
    demonstration: bool

    @property
    def log_prefix(self) -> str:
        """What every log's origin begins with: a stable, schema-less name."""
        return f"{self.issuer.removeprefix('https://')}/log"

    @property
    def root_origin(self) -> str:
        """The origin of the log over all logs."""
        return f"{self.log_prefix}/{ROOT}"


def open_identity(settings: Settings, *, first_start: bool) -> Identity:
    """Return the identity of the data folder, written at the first start. Raises SettingsInvalid."""
    path = settings.var / "guarantor.json"
    if not path.exists():
        if not first_start:
            raise SettingsInvalid([f"{path.name} is missing in {settings.var}; restore it from the backup"])
        kept = {"issuer": settings.issuer, "demonstration": settings.demonstration}
        publish_file(path, json.dumps(kept, indent=1).encode())
    try:
        found = json.loads(path.read_text("utf-8"))
        identity = Identity(issuer=found["issuer"], demonstration=found["demonstration"])
    except (KeyError, TypeError, ValueError):
        raise SettingsInvalid([f"{path.name} in VAR does not say who the guarantor is"]) from None
    check_unchanged(settings, issuer=identity.issuer, demonstration=identity.demonstration)
    return identity
