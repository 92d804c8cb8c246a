"""One run over all logs and the trust file: in which order, at what cost, and what fails alone."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from sigill.report.trust import Trust, TrustedLog, parse_trust
from sigill.tlog.leaf import HeadLeaf, LeafKind, leaf_of
from sigill.tlog.note import format_vkey
from storage.engine import writing
from tests.builders_publishing import MemorySigner, MemoryTarget, Reader, note_at
from tests.builders_seal import make_case
from transparency.append import Append
from transparency.log import TransparencyLog
from transparency.publishing.everything import Targets, publish_all, publish_trust
from transparency.publishing.target import TargetUnavailable, TargetWrong
from transparency.reading import LogReader

KEYS = make_case("Hej").trust.keys
AT = datetime(2026, 11, 29, 12, tzinfo=UTC)
TRUST = ".well-known/sigill-trust.json"


def trust_at(at: datetime, *, logs: int = 1) -> Trust:
    """Return a trust file's content with so many logs."""
    origins = [f"log.example/op/{number}" for number in range(logs)]
    trusted = {
        f"op{number}": TrustedLog(
            operator=f"op{number}",
            origin=origin,
            vkey=format_vkey(MemorySigner(origin).verifier),
            url="https://x.example",
        )
        for number, origin in enumerate(origins)
    }
    return Trust("https://guarantor.example", at, KEYS, trusted)


@pytest.fixture
def reader(log: TransparencyLog, engine: Engine) -> LogReader:
    log.append_all([Append("bank", leaf_of(LeafKind.EVENT, bytes([number]))) for number in range(10)])
    log.create_log("root", "log.example/root")
    log.append_all([Append("root", HeadLeaf("log.example/op/bank", 10, bytes(32)))])
    return LogReader(engine)


def test_operators_come_first_then_the_root_log_then_the_trust_file(reader: LogReader) -> None:
    target, entries = MemoryTarget(), MemoryTarget()
    note = note_at(reader, "root", 1)
    done = publish_all(reader, Targets(target, entries), root_note=note, trust=trust_at(AT))
    written = [name for name in target.writes if name.endswith(("checkpoint", ".json"))]
    assert written == ["log/bank/checkpoint", "log/telco/checkpoint", "log/root/checkpoint", TRUST]
    assert [log.log_id for log in done.logs] == ["bank", "telco", "root"]
    assert done.objects == len(target.writes) + len(entries.writes)
    assert (done.failed, done.unchanged, done.trust_written) == ({}, 0, True)
    assert Reader(target, "root", "log.example/root").read_whole(target) == 1


def test_without_a_cosigned_checkpoint_the_root_log_waits(reader: LogReader) -> None:
    target = MemoryTarget()
    publish_all(reader, Targets(target), root_note=None)
    assert not [name for name in target.objects if "root" in name or name == TRUST]


def test_what_this_process_published_is_not_looked_at_again(reader: LogReader, log: TransparencyLog) -> None:
    target = MemoryTarget()
    remembered: dict[str, str] = {}
    publish_all(reader, Targets(target), root_note=None, remembered=remembered)
    target.objects.clear()
    done = publish_all(reader, Targets(target), root_note=None, remembered=remembered)
    assert (done.unchanged, done.logs, target.objects) == (2, (), {})
    log.append(Append("bank", leaf_of(LeafKind.EVENT, b"one more")))
    done = publish_all(reader, Targets(target), root_note=None, remembered=remembered)
    assert ([each.log_id for each in done.logs], done.unchanged) == (["bank"], 1)
    done = publish_all(reader, Targets(target), root_note=None, remembered=remembered, again=True)
    assert [each.log_id for each in done.logs] == ["bank", "telco"]


def test_a_log_that_is_corrupt_does_not_stop_the_others(reader: LogReader, engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("DELETE FROM tiles WHERE log_id = 'bank'"))
    target = MemoryTarget()
    remembered: dict[str, str] = {}
    done = publish_all(reader, Targets(target), root_note=None, remembered=remembered)
    assert list(done.failed) == ["bank"]
    assert "missing" in done.failed["bank"]
    assert [each.log_id for each in done.logs] == ["telco"]
    assert set(remembered) == {"telco"}


class Away(MemoryTarget):
    def get(self, name: str) -> None:
        raise TargetUnavailable(name)


def test_a_store_that_is_away_stops_everything(reader: LogReader) -> None:
    with pytest.raises(TargetUnavailable):
        publish_all(reader, Targets(Away()), root_note=None)


def test_the_trust_file_is_written_when_it_says_something_else_or_is_old() -> None:
    target = MemoryTarget()
    assert publish_trust(target, trust_at(AT))
    assert not publish_trust(target, trust_at(AT + timedelta(seconds=299)))
    assert publish_trust(target, trust_at(AT + timedelta(seconds=300)))
    assert publish_trust(target, trust_at(AT + timedelta(seconds=301), logs=2))
    assert not publish_trust(target, trust_at(AT, logs=1)), "an older one never replaces a newer one"
    parsed = parse_trust(target.objects[TRUST])
    assert (len(parsed.logs), parsed.as_of) == (2, AT + timedelta(seconds=301))
    assert target.headers[TRUST].content_type == "application/json"


def test_a_trust_file_that_is_none_is_replaced_and_one_that_is_not_kept_is_a_fault() -> None:
    target = MemoryTarget(objects={TRUST: b"{}"})
    assert publish_trust(target, trust_at(AT))
    assert json.loads(target.objects[TRUST])["issuer"] == "https://guarantor.example"

    class Forgetful(MemoryTarget):
        def put(self, name: str, data: bytes, headers: object) -> None:
            """Lose it."""

    with pytest.raises(TargetWrong):
        publish_trust(Forgetful(), trust_at(AT))
