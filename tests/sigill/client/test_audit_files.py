"""What audits keep between two runs, and where they read from."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sigill.client.audit_report import Found
from sigill.client.audit_state import MAX_FINDINGS, Progress, format_progress, parse_progress
from sigill.client.errors import ServiceUnavailable, SettingsRefused, UnexpectedAnswer
from sigill.client.kept_files import read_file, remove_file, replace_file
from sigill.client.log_source import FolderSource, read_ahead
from sigill.client.monitor_state import load_memory, parse_memory
from sigill.client.shown_log import ShownLog, is_log_name
from sigill.errors import MalformedNote
from sigill.tlog.faults import Fault, Finding
from sigill.tlog.tiles import Bundle, format_bundle

hashes = st.binary(min_size=32, max_size=32)
words = st.text(st.characters(codec="utf-8"), max_size=20)
findings = st.builds(Finding, st.sampled_from(Fault), words, words, words)
progresses = st.builds(
    Progress,
    words,
    st.booleans(),
    st.lists(st.lists(hashes, max_size=20).map(tuple), max_size=3).map(tuple),
    st.lists(findings, max_size=3).map(tuple),
    st.lists(findings, max_size=3).map(tuple),
)


@given(progresses)
@settings(max_examples=50)
def test_progress_is_read_as_it_was_written(progress: Progress) -> None:
    assert parse_progress(format_progress(progress)) == progress


JSON = st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3))
NAMES = ["origin", "entries", "above", "findings", "pending", "note", "note_since", "read", "logs", "ahead"]
MEMBERS = st.fixed_dictionaries({"v": st.sampled_from([1, 2])}, optional=dict.fromkeys(NAMES, JSON))


@given(st.text(max_size=30) | MEMBERS.map(json.dumps))
@settings(max_examples=100)
def test_nothing_but_malformed_escapes_the_reading_of_what_was_kept(text: str) -> None:
    for parse in (parse_progress, parse_memory):
        try:
            parse(text)
        except MalformedNote:
            continue


def test_a_tile_that_is_full_is_no_progress() -> None:
    progress = Progress(origin="x", entries=True, above=((bytes(32),) * 256,), findings=())
    with pytest.raises(MalformedNote):
        parse_progress(format_progress(progress))


def test_of_very_many_faults_all_are_counted_and_those_that_contradict_a_checkpoint_known() -> None:
    told: list[Finding] = []
    found = Found(told.append)
    for number in range(MAX_FINDINGS + 5):
        found(Finding(Fault.TILE_WRONG, "x", f"tile/0/{number:03}", ""))
    found(Finding(Fault.NOT_CONSISTENT, "x", "there", ""))
    assert (found.count, len(told), len(found.findings)) == (MAX_FINDINGS + 6, MAX_FINDINGS + 6, MAX_FINDINGS)
    assert found.places == {Fault.NOT_CONSISTENT: {"there"}}


def test_a_file_is_replaced_as_a_whole_and_bounded_when_read(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    replace_file(path, "first")
    replace_file(path, "second")
    assert [each.name for each in path.parent.iterdir()] == ["file"]
    assert read_file(path, max_bytes=6) == "second"
    with pytest.raises(SettingsRefused):
        read_file(path, max_bytes=5)
    remove_file(path)
    remove_file(path)
    assert read_file(path, max_bytes=6) is None


def test_what_cannot_be_written_read_or_removed_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\xff")
    with pytest.raises(SettingsRefused):
        replace_file(tmp_path / "file" / "below", "")
    with pytest.raises(SettingsRefused):
        read_file(tmp_path / "file", max_bytes=5)
    with pytest.raises(SettingsRefused):
        remove_file(tmp_path)
    with pytest.raises(SettingsRefused):
        load_memory(tmp_path / "file")


def test_a_folder_is_read_file_by_file_and_bounded(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    source = FolderSource(tmp_path)
    assert source.read("a", max_bytes=5) == b"12345"
    assert source.read("a?after=1", max_bytes=5) == b"12345"
    for nothing in ("b", "a/b", "."):
        assert source.read(nothing, max_bytes=5) is None
    with pytest.raises(UnexpectedAnswer):
        source.read("a", max_bytes=4)
    with pytest.raises(ServiceUnavailable):
        source.read("x" * 300, max_bytes=4)


class Numbered:
    """A source that answers with the path itself, and fails at one."""

    name = "numbers"
    at_once = 3

    def read(self, path: str, *, max_bytes: int, secret: bool = False) -> bytes | None:
        if path == "99":
            raise ServiceUnavailable("gone")
        return path.encode()[:max_bytes] if secret else None


def test_many_are_read_at_once_and_come_in_order() -> None:
    paths = [str(number) for number in range(90)]
    assert list(read_ahead(Numbered(), paths, max_bytes=9, secret=True)) == [path.encode() for path in paths]
    with pytest.raises(ServiceUnavailable):
        list(read_ahead(Numbered(), [*paths, "99"], max_bytes=9, secret=False))


def test_a_full_bundle_that_cannot_be_read_is_shown_as_it_is_where_a_part_of_it_is_asked_for(tmp_path: Path) -> None:
    place = tmp_path / "log" / "x" / "tile" / "entries" / "000"
    place.parent.mkdir(parents=True)
    log = ShownLog(FolderSource(tmp_path), "x")
    place.write_bytes(format_bundle([b"a", b"b", b"c"]))
    assert log.bundle(Bundle(0, 2)) == format_bundle([b"a", b"b"])
    place.write_bytes(b"\xff")
    assert log.bundle(Bundle(0, 2)) == b"\xff"
    assert log.bundle(Bundle(1, 2)) is None


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", "a b", "a?b", "å", "a\n", "a" * 64])
def test_a_name_that_could_lead_elsewhere_is_no_logs(name: str) -> None:
    assert not is_log_name(name)
    assert is_log_name("exempelbanken-2.x_y")
