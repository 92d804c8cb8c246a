"""A service whose keys move, and the commands run on its folder."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
import pytest

from running.keys import main
from sigill.report.trust import parse_trust
from sigill.tlog.checkpoint import verify_checkpoint
from tests.builders_deployment import TEXT, Deployment, deploy

BANK = "exempelbanken"
MESSAGE: dict[str, Any] = {"authorship": "human", "channel": "chat", "enquiry": "informational", "text": TEXT}


class Desk:
    """A deployment with settings for its keys, and the commands run on its folder."""

    def __init__(self, folder: Path, settings: Mapping[str, str], capsys: pytest.CaptureFixture[str]) -> None:
        self.settings = dict(settings)
        self.made = deploy(folder, more=settings)
        self.environment = {"VAR": str(self.made.services.settings.var), **settings}
        self._capsys = capsys

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Return exit code, stdout and stderr."""
        code = main(arguments, self.environment)
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def rotate(self, kind: str, *arguments: str) -> None:
        """Rotate, and wait until the new keys sign."""
        assert (self.run("rotate", kind, "--overlap", "0", *arguments)[0::2]) == (0, "")
        begins = max(key.valid_from for key in self.listed())
        while datetime.now(UTC) < begins:
            time.sleep(0.02)
        self.made.services.keys.look()

    def listed(self) -> Any:
        self.made.services.keys.look()
        return self.made.services.keys.current().listing.keys

    def places(self) -> dict[str, str]:
        """Return where the newest of each kind lives, as `list` shows it."""
        code, out, _ = self.run("list")
        assert code == 0
        rows = [line.split("\t") for line in out.splitlines()[1:]]
        return {row[0]: row[6].partition(":")[0] for row in reversed(rows)}

    def seal(self) -> dict[str, Any]:
        answer = self.made.sign()
        assert answer.status_code == 201, answer.get_data(as_text=True)
        value: dict[str, Any] = answer.get_json()
        return value


def check_all(made: Deployment, sealed: list[dict[str, Any]]) -> None:
    """Have everything that was sealed verified, its receipts and checkpoints too, and read the key list."""
    trust = parse_trust(made.client.get("/.well-known/sigill-trust.json").data)
    keys = jwt.PyJWKSet.from_dict(made.client.get("/.well-known/jwks.json").get_json())
    for each in sealed:
        found = made.verify(seal=each["seal"], content=TEXT)
        assert found["answer"] == "genuine"
        kid = jwt.get_unverified_header(found["receipt"])["kid"]
        assert jwt.decode(found["receipt"], keys[kid], algorithms=["ES256"])["answer"] == "genuine"
    note = made.services.log.checkpoint(BANK)
    assert note is not None
    verify_checkpoint(note, origin=trust.logs[BANK].origin, keys=trust.logs[BANK].keys[:1])
    assert made.client.get("/status/0").status_code in {200, 404}
