"""Withdrawal on the command line: withdrawing, fetching a status list, verifying offline with it, inspecting it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sigill.cli.main import main
from sigill.report.answers import Reason
from sigill.report.words import words
from sigill.seal.claims import StatusClaim, status_uri
from sigill.status.bits import mark_indices
from sigill.status.token import TYP, StatusList, sign_status_list
from sigill.vocabulary import Language
from tests.builders_seal import ISSUER, SIGNER, MemorySigner, make_case, make_trust
from tests.builders_service import PlayedService, Reply, played_service, problem, reply

_NOW = datetime.now(UTC).replace(microsecond=0)
_IDX = 99
_LISTER = MemorySigner(90)
_CLAIM = StatusClaim(idx=_IDX, uri=status_uri(ISSUER, 7))
_MADE = make_case(at=_NOW, recipient=None, change=lambda claims: replace(claims, status=_CLAIM))
_CASE = replace(
    _MADE,
    trust=make_trust(_MADE.log, SIGNER.published(around=_NOW), _LISTER.published(typ=TYP, around=_NOW), as_of=_NOW),
)
_ID = _CASE.claims.jti
_MEDIA_TYPE = "application/statuslist+jwt"


def _token(*marked: int, **changes: Any) -> str:
    values = StatusList(
        uri=_CLAIM.uri, iat=_NOW, exp=_NOW + timedelta(hours=24), ttl_s=60, packed=mark_indices(marked, size=1024)
    )
    return sign_status_list(replace(values, **changes), signer=_LISTER)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    for name, content in {
        "message.txt": _CASE.embedded,
        "seal.txt": _CASE.seal,
        "trust.json": _CASE.trust_file.decode(),
        "receipt": _CASE.receipt or "",
        "valid.jwt": _token() + "\n",
        "withdrawn.jwt": _token(_IDX),
        "old.jwt": _token(exp=_NOW),
        "another.jwt": _token(uri=status_uri(ISSUER, 8)),
        "broken.jwt": _token()[:-1],
    }.items():
        Path(name).write_bytes(content.encode())
    with played_service() as played:
        monkeypatch.setenv("SIGILL_URL", played.url)
        monkeypatch.setenv("SIGILL_API_KEY", "sk-test")
        yield played


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(list(arguments))
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return code, out, err


def _verify(capsys: pytest.CaptureFixture[str], *lists: str) -> tuple[int, dict[str, Any]]:
    arguments = ["verify", "message.txt", "--seal", "seal.txt", "--trust", "trust.json", "--receipt", "receipt"]
    for name in lists:
        arguments += ["--status", name]
    code, out, _ = _run(capsys, *arguments, "--json")
    return code, json.loads(out)


# --- verify --status ---


@pytest.mark.parametrize(
    ("lists", "code", "reason", "detail"),
    [
        (["valid.jwt"], 0, "genuine", "status_valid"),
        (["withdrawn.jwt"], 1, "withdrawn", "withdrawn"),
        (["another.jwt", "valid.jwt"], 0, "genuine", "status_valid"),
        (["valid.jwt", "withdrawn.jwt"], 1, "withdrawn", "withdrawn"),
        ([], 3, "status_not_checked", "status_unknown"),
        (["another.jwt"], 3, "status_not_checked", "status_unknown"),
        (["old.jwt"], 3, "status_not_checked", "status_list_too_old"),
    ],
)
def test_offline_the_lists_decide(
    service: PlayedService,
    capsys: pytest.CaptureFixture[str],
    lists: list[str],
    code: int,
    reason: str,
    detail: str,
) -> None:
    found, report = _verify(capsys, *lists)
    assert (found, report["reason"]) == (code, reason)
    assert {check["check"]: check["detail"] for check in report["checks"]}["status"] == detail
    assert service.requests == []


def test_a_list_that_cannot_be_read_is_said_so(service: PlayedService, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("verify", "message.txt", "--seal", "seal.txt", "--trust", "trust.json", "--status", "broken.jwt")
    code, _, err = _run(capsys, *arguments)
    assert code == 2
    assert "The status list cannot be used" in err
    assert service.requests == []


def test_a_list_is_for_work_offline_only(service: PlayedService, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = _run(capsys, "verify", "message.txt", "--status", "valid.jwt")
    assert code == 2
    assert "--status is for work offline" in err
    arguments = ("verify", "message.txt", "--seal", "seal.txt", "--trust", "-", "--status", "-")
    assert "Standard input (-) can be read once only" in _run(capsys, *arguments)[2]
    assert service.requests == []


def test_people_are_told_first_that_it_is_withdrawn(service: PlayedService, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("verify", "message.txt", "--seal", "seal.txt", "--trust", "trust.json", "--receipt", "receipt")
    _, out, _ = _run(capsys, *arguments, "--status", "withdrawn.jwt")
    assert words(Language.EN).reason(Reason.WITHDRAWN).headline in out.splitlines()[1]
    assert service.requests == []


# --- status ---


def _serve(service: PlayedService, token: str, **changes: Any) -> None:
    service.replies["/status/7"] = replace(Reply(200, token.encode(), _MEDIA_TYPE), **changes)


def test_a_list_is_fetched_and_verifies(service: PlayedService, capsys: pytest.CaptureFixture[str]) -> None:
    _serve(service, _token())
    code, out, err = _run(capsys, "status", "seal.txt", "--out", "fetched.jwt")
    assert (code, out) == (0, "")
    assert "The status list of" in err
    assert [(item.method, item.path) for item in service.requests] == [("GET", "/status/7")]
    assert "Authorization" not in service.requests[0].headers
    assert service.requests[0].headers["Accept"] == _MEDIA_TYPE
    assert _verify(capsys, "fetched.jwt")[0] == 0
    _, out, _ = _run(capsys, "status", "seal.txt")
    assert out == _token() + "\n"


def test_a_seal_without_the_claim_needs_no_list(service: PlayedService, capsys: pytest.CaptureFixture[str]) -> None:
    Path("old.txt").write_text(make_case(at=_NOW).seal)
    code, _, err = _run(capsys, "status", "old.txt")
    assert (code, "names no status list" in err) == (2, True)
    Path("part.txt").write_text(_CASE.seal[:-1])
    assert "not a whole seal" in _run(capsys, "status", "part.txt")[2]
    assert service.requests == []


@pytest.mark.parametrize(
    ("token", "changes", "says"),
    [
        (_token(uri=status_uri(ISSUER, 8)), {}, "another status list than the seal names"),
        ("no token", {}, "cannot be read"),
        ("é", {}, "cannot be read"),
        (_token(), {"content_type": "text/html"}, "Check that the address"),
        ("{}", {"content_type": "application/json"}, "something else than was asked for"),
        ("x" * 2_300_000, {}, "longer than"),
    ],
)
def test_a_service_that_gives_something_else_is_not_believed(
    service: PlayedService, capsys: pytest.CaptureFixture[str], token: str, changes: dict[str, Any], says: str
) -> None:
    _serve(service, token, **changes)
    code, out, err = _run(capsys, "status", "seal.txt")
    assert (code, out) == (3, "")
    assert says in err


def test_a_list_that_is_not_there_is_refused(service: PlayedService, capsys: pytest.CaptureFixture[str]) -> None:
    service.replies["/status/7"] = problem("status-list-not-found", 404, detail="there is no such status list")
    code, _, err = _run(capsys, "status", "seal.txt")
    assert (code, "no such status list" in err) == (2, True)


# --- withdraw ---


def _answered(**changes: Any) -> dict[str, Any]:
    return {
        "id": _ID,
        "withdrawn_at": "2026-11-22T12:00:00+00:00",
        "reason": "wrong_content",
        "log": {"origin": _CASE.log.origin, "index": 0},
        "receipt": _CASE.log.receipt(0),
        **changes,
    }


def test_withdrawing_sends_the_reason_and_says_since_when(
    service: PlayedService, capsys: pytest.CaptureFixture[str]
) -> None:
    service.replies[f"/v1/messages/{_ID}"] = reply(_answered())
    arguments = ("withdraw", _ID, "--reason", "wrong_content", "--note", "old rates", "--trust", "trust.json")
    code, out, _ = _run(capsys, *arguments)
    assert code == 0
    assert out.startswith("Withdrawn since 2026-11-22T12:00:00+00:00 (wrong content).")
    sent = service.requests[0]
    assert (sent.method, sent.body) == ("DELETE", {"reason": "wrong_content", "note": "old rates"})
    assert sent.headers["Authorization"] == "Bearer sk-test"
    _, out, _ = _run(capsys, *arguments, "--json")
    assert json.loads(out) == _answered()


def test_a_message_of_nobody_cannot_be_withdrawn(service: PlayedService, capsys: pytest.CaptureFixture[str]) -> None:
    service.replies[f"/v1/messages/{_ID}"] = problem("message-not-found", 404, detail="no message of yours has this id")
    code, _, err = _run(capsys, "withdraw", _ID, "--reason", "other", "--trust", "trust.json")
    assert (code, "no message of yours has this id" in err) == (2, True)


def test_a_reason_is_one_of_the_words(service: PlayedService, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = _run(capsys, "withdraw", _ID, "--reason", "because")
    assert code == 2
    assert "sent_by_mistake" in err
    assert service.requests == []


# --- inspect ---


def test_inspect_shows_the_place_and_the_list(service: PlayedService, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = _run(capsys, "inspect", "seal.txt", "--json")
    assert json.loads(out)["claims"]["status"] == {"status_list": {"idx": _IDX, "uri": _CLAIM.uri}}
    _, out, _ = _run(capsys, "inspect", "withdrawn.jwt", "--json")
    shown = json.loads(out)
    assert (shown["kind"], shown["status"]) == ("status list", "well-formed, not verified")
    assert (shown["uri"], shown["places"], shown["withdrawn"], shown["ttl_s"]) == (_CLAIM.uri, 1024, 1, 60)
    Path("wide.jwt").write_text(_token(bits=2, exp=None))
    _, out, _ = _run(capsys, "inspect", "wide.jwt", "--json")
    shown = json.loads(out)
    assert (shown["places"], shown["withdrawn"], shown["expires"]) == (512, None, None)
    assert service.requests == []
