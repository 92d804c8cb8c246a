"""The registrar's commands for privacy, on a folder with one sealed message."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from running.admin import main
from storage.engine import writing
from tests.builders_deployment import NOW, TEXT, Deployment
from transparency.tables import tokens

pytestmark = pytest.mark.slow

BANK = "exempelbanken"
BY = ("--requester", "T 1234-26")
ORDER = ("--ground", "authority_order", *BY)


@dataclass
class Desk:
    """A running service, one sealed message, and the commands."""

    made: Deployment
    sealed: dict[str, Any]
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Return exit code, stdout and stderr."""
        code = main(arguments, {"VAR": str(self.made.services.settings.var)})
        said = self.capsys.readouterr()
        return code, said.out, said.err

    def do(self, *arguments: str) -> str:
        """Return stdout of a command that must succeed."""
        code, out, err = self.run(*arguments)
        assert code == 0, err
        return out

    def keys(self) -> list[Path]:
        return list((self.made.services.settings.var / "keys" / "salts" / BANK).iterdir())


@pytest.fixture
def desk(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(deployment, deployment.sign().get_json(), capsys)


def test_a_message_is_erased_on_an_order_and_at_once_unknown(desk: Desk) -> None:
    out = desk.do("erase", BANK, desk.sealed["id"], *ORDER)
    assert out.startswith("Leaf 0 of demonstration.sigill.example/log/exempelbanken is erased since ")
    assert out.endswith("authority_order, \nasked by T 1234-26 (leaf 1).\n")
    assert desk.do("erase", BANK, desk.sealed["id"], *ORDER) == out
    assert desk.made.verify(code=desk.sealed["code"], content=TEXT)["reason"] == "code_unknown"


def test_a_hold_is_placed_listed_and_released(desk: Desk) -> None:
    placed = desk.do("hold", BANK, "--message", desk.sealed["id"], "--reason", "inquiry", *BY)
    hold_id = placed.split()[2]
    assert desk.run("erase", BANK, desk.sealed["id"], *ORDER)[0] == 1
    head, line = desk.do("holds").splitlines()
    assert head.split("\t") == ["id", "operator", "leaf", "placed", "released", "requester", "reason"]
    assert line.split("\t")[:3] == [hold_id, BANK, "0"]
    assert line.split("\t")[4:] == ["-", "T 1234-26", "inquiry"]
    assert "is released" in desk.do("release", hold_id, "--reason", "closed", *BY)
    assert desk.do("holds", BANK).splitlines()[1].split("\t")[4] != "-"
    desk.do("hold", BANK, "--reason", "inquiry", *BY)
    assert desk.do("holds", BANK).splitlines()[2].split("\t")[2] == "all"


def test_the_retention_of_every_industry_is_shown_with_its_basis(desk: Desk) -> None:
    lines = desk.do("retention").splitlines()
    assert len(lines) == 10
    assert lines[1] == "bank\t90\tdefault\t1095\tdefault\teu-gdpr-17,eu-gdpr-25-32,own-choice"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("erase", BANK, "{id}", "--ground", "operator_request", *BY), "kept at least 90 days (rule bank.minimum"),
        (("erase", BANK, "nothing", *ORDER), "nothing of this operator has this id"),
        (("erase", "nobody", "{id}", *ORDER), "no operator has this id"),
        (("erase", BANK, "{id}", "--ground", "authority_order", "--requester", "a@b.example"), "looks like an address"),
        (("hold", "nobody", "--reason", "x", *BY), "no operator has this id"),
        (("hold", BANK, "--message", "nothing", "--reason", "x", *BY), "nothing of this operator"),
        (("release", "nothing", "--reason", "x", *BY), "no hold of this id"),
        (("holds", "nobody"), "no operator has this id"),
        (("destroy-salts", BANK, "2026-13", "--yes", *BY), "a month is written like 2026-11"),
        (("destroy-salts", BANK, "2020-01", "--yes", *BY), "has no salt key of 2020-01"),
        (("destroy-salts", BANK, f"{NOW:%Y-%m}", "--yes", *BY), "may still seal"),
        (("check-log", "nobody"), "there is no log called 'nobody'"),
    ],
)
def test_what_is_refused_is_told_and_changes_nothing(desk: Desk, arguments: tuple[str, ...], says: str) -> None:
    code, out, err = desk.run(*(argument.format(id=desk.sealed["id"]) for argument in arguments))
    assert (code, out) == (1, "")
    assert says in err
    head = desk.made.services.log.head(BANK)
    assert head is not None
    assert head.size == 1


def test_expiry_is_no_ground_anybody_can_give(desk: Desk) -> None:
    with pytest.raises(SystemExit) as raised:
        desk.run("erase", BANK, desk.sealed["id"], "--ground", "retention_expired", *BY)
    assert raised.value.code == 2


def test_destroying_asks_first(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    last = NOW.replace(day=1, year=NOW.year - 5)
    month = f"{last:%Y-%m}"
    (desk.keys()[0].parent / f"{month}.key").write_bytes(bytes(32))
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    code, _, err = desk.run("destroy-salts", BANK, month, *BY)
    assert (code, "nothing was destroyed" in err, len(desk.keys())) == (1, True, 2)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{BANK} {month}\n"))
    out = desk.do("destroy-salts", BANK, month, *BY)
    assert f"The salt key of {BANK} of {month} is destroyed (leaf 1): 1 file(s) removed." in out
    assert len(desk.keys()) == 1
    assert "0 file(s) removed" in desk.do("destroy-salts", BANK, month, "--yes", *BY)


def test_rows_are_checked_and_damage_is_told_with_exit_code_1(desk: Desk) -> None:
    sound = "demonstration.sigill.example/log/exempelbanken: 1 leaves, 0 fault(s)\n"
    assert desk.do("check-log") == desk.do("check-log", BANK) == sound
    with writing(desk.made.services.engine) as connection:
        connection.execute(update(tokens).values(jws="another"))
    code, out, err = desk.run("check-log")
    assert code == 1
    assert out.startswith("row_wrong: demonstration.sigill.example/log/exempelbanken, leaf 0: the signed text ")
    assert err == "1 fault(s) in the stored rows\n"
