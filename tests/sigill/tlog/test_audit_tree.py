"""Whole logs rebuilt tile by tile: nothing wrong is passed over, and what is named is what was changed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sigill.errors import MalformedNote
from sigill.tlog.audit_tree import Shown, TreeAudit, audit_tree
from sigill.tlog.bundled_leaves import OperatorLeaves, cut_bundle
from sigill.tlog.faults import Fault, Finding
from sigill.tlog.folding import GrowingTree, fold_tile, peaks_of
from sigill.tlog.known_roots import KnownRoot, KnownRoots
from sigill.tlog.prefix import Head
from sigill.tlog.tiles import TILE_WIDTH, Bundle, Tile, format_bundle, format_path, parse_bundle, tile_width
from sigill.tlog.tree import Frontier, grow, hash_leaf
from tests.builders_published import BuiltLog

SIZES = [0, 1, 2, 255, 256, 257, 300, 512, 1000, 65_536, 65_537, 66_000]


def built(size: int) -> BuiltLog:
    log = BuiltLog("exempelbanken")
    log.grow(size)
    return log


def shown_by(files: dict[str, bytes], size: int, *, entries: bool, begin: int = 0) -> list[Shown]:
    shown = []
    for index in range(begin, -(-size // TILE_WIDTH)):
        width = tile_width(size, 0, index)
        bundle = files.get(format_path(Bundle(index, width))) if entries else None
        shown.append(Shown(files.get(format_path(Tile(0, index, width))), bundle))
    return shown


def findings_of(
    log: BuiltLog, files: dict[str, bytes], *, entries: bool = True, known: list[KnownRoot] | None = None
) -> list[Finding]:
    found: list[Finding] = []
    size = len(log.entries)
    audit_tree(
        Head(size, log.root()),
        shown_by(files, size, entries=entries),
        origin=log.origin,
        read_tile=lambda tile: files.get(format_path(tile)),
        report=found.append,
        leaves=OperatorLeaves(log.origin, found.append) if entries else None,
        known=KnownRoots(known or []),
    )
    return found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("entries", [True, False])
def test_an_honest_log_has_no_fault(size: int, entries: bool) -> None:
    log = built(size)
    assert findings_of(log, log.files(), entries=entries) == []


BIG = built(66_000)
BIG_FILES = BIG.files()
LOOKED_AT = [
    "tile/0/000",
    "tile/0/100",
    "tile/0/255",
    "tile/0/256",
    "tile/0/257.p/208",
    "tile/1/000",
    "tile/1/001.p/1",
    "tile/2/000.p/1",
    "tile/entries/000",
    "tile/entries/100",
    "tile/entries/257.p/208",
]


def changed(files: dict[str, bytes], path: str, data: bytes | None) -> dict[str, bytes]:
    return {name: content for name, content in files.items() if name != path} | ({} if data is None else {path: data})


@pytest.mark.parametrize("path", LOOKED_AT)
@pytest.mark.parametrize("at", [0, 20, -1])
def test_a_flipped_bit_is_found_where_it_is_and_nowhere_else(path: str, at: int) -> None:
    data = bytearray(BIG_FILES[path])
    data[at] ^= 1
    found = findings_of(BIG, changed(BIG_FILES, path, bytes(data)))
    fault = Fault.BUNDLE_WRONG if "entries" in path else Fault.TILE_WRONG
    assert [(finding.fault, finding.where) for finding in found] == [(fault, path)]


@pytest.mark.parametrize("path", LOOKED_AT)
def test_a_missing_file_is_found_where_it_is_and_nowhere_else(path: str) -> None:
    found = findings_of(BIG, changed(BIG_FILES, path, None))
    fault = Fault.BUNDLE_MISSING if "entries" in path else Fault.TILE_MISSING
    assert [(finding.fault, finding.where) for finding in found] == [(fault, path)]


@pytest.mark.parametrize("path", LOOKED_AT)
@pytest.mark.parametrize("more", [b"", b"\x00" * 32])
def test_a_file_of_another_length_is_found_where_it_is(path: str, more: bytes) -> None:
    data = BIG_FILES[path] + more if more else BIG_FILES[path][:-1]
    found = findings_of(BIG, changed(BIG_FILES, path, data))
    fault = Fault.BUNDLE_WRONG if "entries" in path else Fault.TILE_WRONG
    assert [(finding.fault, finding.where) for finding in found] == [(fault, path)]


@pytest.mark.parametrize("path", [path for path in LOOKED_AT if path.startswith("tile/") and "entries" not in path])
def test_without_entries_a_flipped_bit_in_a_tile_is_found_too(path: str) -> None:
    data = bytearray(BIG_FILES[path])
    data[3] ^= 1
    found = findings_of(BIG, changed(BIG_FILES, path, bytes(data)), entries=False)
    if path == "tile/0/257.p/208":  # nothing but the root says what stands there
        assert [finding.fault for finding in found] == [Fault.ROOT_WRONG]
    else:
        assert [(finding.fault, finding.where) for finding in found] == [(Fault.TILE_WRONG, path)]


def test_several_faults_are_told_apart() -> None:
    files = dict(BIG_FILES)
    for path in ("tile/0/007", "tile/entries/009", "tile/1/001.p/1"):
        files[path] = files[path][:20] + bytes([files[path][20] ^ 1]) + files[path][21:]
    found = findings_of(BIG, files)
    assert {(finding.fault, finding.where) for finding in found} == {
        (Fault.TILE_WRONG, "tile/0/007"),
        (Fault.BUNDLE_WRONG, "tile/entries/009"),
        (Fault.TILE_WRONG, "tile/1/001.p/1"),
    }


def test_a_tile_and_its_bundle_that_were_changed_together_are_both_named() -> None:
    other = BIG.copy()
    other.entries[1000] = other.entries[1001]
    theirs = other.files()
    files = BIG_FILES | {path: theirs[path] for path in ("tile/0/003", "tile/entries/003")}
    assert {(finding.fault, finding.where) for finding in findings_of(BIG, files)} == {
        (Fault.BUNDLE_WRONG, "tile/entries/003"),
        (Fault.TILE_WRONG, "tile/0/003"),
    }


def test_a_log_whose_files_are_all_another_logs_does_not_lead_to_its_root() -> None:
    other = BuiltLog("exempelbanken")
    other.grow(300, salt="other")
    found = findings_of(built(300), other.files())
    assert [finding.fault for finding in found] == [Fault.ROOT_WRONG]


@pytest.mark.parametrize("size", [1, 255, 256, 257, 511, 512, 40_000, 65_536, 65_999, 66_000])
def test_an_earlier_root_is_found_again_and_another_is_not(size: int) -> None:
    root = BIG.root(size)
    right = KnownRoot(size, root, Fault.NOT_CONSISTENT, "right")
    wrong = KnownRoot(size, bytes(32), Fault.HEAD_NOT_CONSISTENT, "wrong")
    found = findings_of(BIG, BIG_FILES, known=[right, wrong])
    assert [(finding.fault, finding.where) for finding in found] == [(Fault.HEAD_NOT_CONSISTENT, "wrong")]


def test_nobody_is_convicted_by_a_tree_that_does_not_lead_to_its_root() -> None:
    log, other = built(300), BuiltLog("exempelbanken")
    other.grow(300, salt="other")
    known = [KnownRoot(100, log.root(100), Fault.NOT_CONSISTENT, "before")]
    assert [finding.fault for finding in findings_of(log, other.files(), known=known)] == [Fault.ROOT_WRONG]


def test_where_neither_tile_nor_bundle_is_right_the_roots_there_are_counted_as_not_asked_for() -> None:
    log = built(1000)
    files = changed(changed(log.files(), "tile/0/001", None), "tile/entries/001", None)
    found: list[Finding] = []
    audit = audit_tree(
        Head(1000, log.root()),
        shown_by(files, 1000, entries=True),
        origin=log.origin,
        read_tile=lambda tile: files.get(format_path(tile)),
        report=found.append,
        leaves=OperatorLeaves(log.origin, found.append),
        known=KnownRoots([KnownRoot(300, bytes(32), Fault.NOT_CONSISTENT, "x")]),
    )
    assert {finding.fault for finding in found} == {Fault.TILE_MISSING, Fault.BUNDLE_MISSING}
    assert (audit.unchecked, audit.stopped) == (1, False)


def test_an_audit_stops_where_nothing_is_shown_and_nothing_above_tells() -> None:
    log = built(1000)
    files = {path: data for path, data in log.files().items() if path not in {"tile/0/001", "tile/1/000.p/3"}}
    found: list[Finding] = []
    audit = audit_tree(
        Head(1000, log.root()),
        shown_by(files, 1000, entries=False),
        origin=log.origin,
        read_tile=lambda tile: files.get(format_path(tile)),
        report=found.append,
    )
    assert audit.stopped
    assert [finding.where for finding in found] == ["tile/0/001"]


@pytest.mark.parametrize("stopped_after", [1, 255, 256, 257])
def test_an_interrupted_audit_goes_on_where_it_was(stopped_after: int) -> None:
    found: list[Finding] = []

    def audit(known: list[KnownRoot], **begun: object) -> TreeAudit:
        return TreeAudit(
            Head(66_000, BIG.root()),
            origin=BIG.origin,
            read_tile=lambda tile: BIG_FILES.get(format_path(tile)),
            report=found.append,
            leaves=OperatorLeaves(BIG.origin, found.append),
            known=KnownRoots(known),
            **begun,  # type: ignore[arg-type]
        )

    known = [
        KnownRoot(100, bytes(32), Fault.NOT_CONSISTENT, "early"),
        KnownRoot(65_900, bytes(32), Fault.HEAD_NOT_CONSISTENT, "late"),
    ]
    first = audit(known)
    for shown in shown_by(BIG_FILES, 66_000, entries=True)[:stopped_after]:
        first.add(shown)
    second = audit(known, above=[list(hashes) for hashes in first.progress], pending=first.pending)
    assert second.number == stopped_after
    for shown in shown_by(BIG_FILES, 66_000, entries=True, begin=stopped_after):
        second.add(shown)
    second.finish()
    assert [finding.where for finding in found] == ["early", "late"]


@given(st.integers(1, 256), st.data())
@settings(max_examples=30)
def test_peaks_of_a_tile_are_those_of_its_tree(width: int, data: st.DataObject) -> None:
    hashes = [hash_leaf(bytes([number])) for number in range(width)]
    part = data.draw(st.integers(1, width))
    frontier, _ = grow(Frontier(), hashes[:part])
    levels = fold_tile(b"".join(hashes))
    assert tuple(peaks_of(levels, part)) == frontier.peaks
    assert GrowingTree().root(levels, part) == frontier.root()


@given(st.lists(st.binary(max_size=80), min_size=1, max_size=10), st.integers(1, 11))
@settings(max_examples=50)
def test_any_entries_are_cut_as_the_format_says(entries: list[bytes], width: int) -> None:
    bundle = format_bundle(entries)
    try:
        cut = cut_bundle(bundle, width)
    except MalformedNote:
        assert width != len(entries)
        return
    assert tuple(cut.entries) == parse_bundle(bundle)
    assert not cut.usual


USUAL = format_bundle(built(12).entries)


@given(st.integers(0, len(USUAL) - 1), st.integers(0, 255))
@settings(max_examples=200)
def test_a_changed_bundle_is_never_read_otherwise_than_the_format_says(at: int, value: int) -> None:
    bundle = USUAL[:at] + bytes([value]) + USUAL[at + 1 :]
    try:
        expected = parse_bundle(bundle)
    except MalformedNote:
        with pytest.raises(MalformedNote):
            cut_bundle(bundle, 12)
        return
    if len(expected) == 12:
        assert tuple(cut_bundle(bundle, 12).entries) == expected


def test_bundles_of_one_kind_and_of_several_are_known_at_sight() -> None:
    entries = built(12).entries
    assert cut_bundle(format_bundle(entries), 12).usual
    assert cut_bundle(format_bundle(entries[:3]), 3).usual
    assert tuple(cut_bundle(format_bundle(entries[:3]), 3).entries) == tuple(entries[:3])


def test_entries_whose_lengths_were_exchanged_are_not_known_at_sight() -> None:
    """A seal's leaf has 68 bytes, an event's 69: with each other's length before them they are other entries."""
    log = built(5)
    seal, event = log.entries[2], log.entries[3]
    bundle = len(event).to_bytes(2, "big") + seal + len(seal).to_bytes(2, "big") + event
    with pytest.raises(MalformedNote):
        cut_bundle(bundle, 2)
