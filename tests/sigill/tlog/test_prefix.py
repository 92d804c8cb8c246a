import pytest

from sigill.tlog.faults import Fault
from sigill.tlog.prefix import Head, judge_prefix
from sigill.tlog.tiles import Tile, format_path, node_reader
from sigill.tlog.tree import EMPTY_ROOT, NodeReader
from tests.builders_published import BuiltLog


def built(size: int, *, salt: str = "") -> BuiltLog:
    log = BuiltLog("x")
    log.grow(size, salt=salt)
    return log


def reader_of(log: BuiltLog, **changed: bytes) -> NodeReader:
    files = log.files() | changed

    def read(tile: Tile) -> bytes:
        return files[format_path(tile)]

    return node_reader(len(log.entries), read)


LOG = built(700)
NEW = Head(700, LOG.root())


@pytest.mark.parametrize("size", [0, 1, 255, 256, 300, 512, 699, 700])
def test_every_beginning_of_a_log_is_its_beginning(size: int) -> None:
    old = Head(size, LOG.root(size) if size else EMPTY_ROOT)
    assert judge_prefix(old, NEW, reader_of(LOG)) is None


@pytest.mark.parametrize(
    ("old", "fault"),
    [
        (Head(701, bytes(32)), Fault.SHRUNK),
        (Head(700, bytes(32)), Fault.FORKED),
        (Head(0, bytes(32)), Fault.FORKED),
        (Head(699, bytes(32)), Fault.NOT_CONSISTENT),
        (Head(256, bytes(32)), Fault.NOT_CONSISTENT),
        (Head(1, bytes(32)), Fault.NOT_CONSISTENT),
    ],
)
def test_what_is_no_beginning_is_named(old: Head, fault: Fault) -> None:
    assert judge_prefix(old, NEW, reader_of(LOG)) is fault


@pytest.mark.parametrize("size", [1, 255, 300, 699])
def test_tiles_that_do_not_lead_to_the_newer_root_convict_nobody(size: int) -> None:
    other = built(700, salt="other")
    for old in (Head(size, LOG.root(size)), Head(size, other.root(size)), Head(size, bytes(32))):
        assert judge_prefix(old, NEW, reader_of(other)) is Fault.ROOT_WRONG
