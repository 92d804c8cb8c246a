"""Publishing to a folder, to memory and to a real S3 server: whole, in order, never backwards, and read back."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from settings.publishing import Bucket, Folder, Publishing
from sigill.tlog.checkpoint import Checkpoint, sign_checkpoint
from sigill.tlog.leaf import HeadLeaf, LeafKind, leaf_of
from storage.engine import writing
from tests.builders_publishing import (
    Answer,
    DyingTarget,
    Killed,
    MemorySigner,
    MemoryTarget,
    OldStore,
    Reader,
    make_bucket,
    moto_server,
    note_at,
    old_store,
)
from transparency.append import Append
from transparency.errors import LogCorrupt, LogUnknown
from transparency.log import TransparencyLog
from transparency.publishing.bucket import BucketTarget
from transparency.publishing.checking import check_published
from transparency.publishing.folder import FolderTarget
from transparency.publishing.logs import publish_log
from transparency.publishing.opening import open_targets
from transparency.publishing.plan import FOR_EVER, Content
from transparency.publishing.target import Target, TargetUnavailable, TargetWrong
from transparency.reading import LogReader

ORIGIN = "log.example/op/bank"
LEAVES = [leaf_of(LeafKind.EVENT, number.to_bytes(4, "big")) for number in range(1_100)]


@pytest.fixture
def reader(log: TransparencyLog, engine: Engine) -> LogReader:
    """A log `bank` of 1,100 leaves and a root log of 300."""
    log.append_all([Append("bank", leaf) for leaf in LEAVES])
    log.create_log("root", "log.example/root")
    log.append_all([Append("root", HeadLeaf(ORIGIN, size, bytes(32))) for size in range(300)])
    return LogReader(engine)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with moto_server() as address:
        yield address


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")


@pytest.fixture
def bucket(request: pytest.FixtureRequest, aws: None, endpoint: str) -> Bucket:  # noqa: ARG001
    return make_bucket(endpoint, f"test-{abs(hash(request.node.nodeid))}")


@pytest.fixture(params=["memory", "threads", "folder", pytest.param("bucket", marks=pytest.mark.slow)])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    match request.param:
        case "memory":
            return MemoryTarget()
        case "threads":
            return MemoryTarget(workers=4)
        case "folder":
            return FolderTarget(tmp_path / "published")
        case _:
            return BucketTarget(request.getfixturevalue("bucket"))


def in_bank(target: Target) -> Reader:
    return Reader(target, "bank", ORIGIN)


def publish(reader: LogReader, target: Target, size: int, **options: Target | bool | None) -> None:
    publish_log(reader, target, "bank", note_at(reader, "bank", size), **options)  # type: ignore[arg-type]


def test_the_whole_log_can_be_read_back_from_the_targets_alone(reader: LogReader, target: Target) -> None:
    entries = MemoryTarget()
    for size in (0, 1, 255, 256, 257, 600, 1_100):
        done = publish_log(reader, target, "bank", note_at(reader, "bank", size), entries_target=entries)
        assert (done.size, done.newer, done.mended) == (size, False, ())
        assert in_bank(target).read_whole(entries) == size
    assert not any("entries" in name for name in target.list(""))
    assert set(entries.objects) == {
        "log/bank/checkpoint",
        *(f"log/bank/tile/entries/{index:03}" for index in range(4)),
        "log/bank/tile/entries/004.p/76",
    }


def test_the_root_log_s_entries_are_for_anyone_and_its_note_is_published_as_given(
    reader: LogReader, target: Target
) -> None:
    note = note_at(reader, "root", 300) + "— witness.example/w AAAAAAAA\n"
    entries = MemoryTarget()
    publish_log(reader, target, "root", note, entries_target=entries)
    assert Reader(target, "root", "log.example/root").read_whole(target) == 300
    published = target.get("log/root/checkpoint")
    assert published is not None
    assert published.data.decode() == note
    assert entries.objects == {}


def test_nothing_is_written_twice(reader: LogReader) -> None:
    target = MemoryTarget()
    for size in (600, 600, 1_000, 1_100):
        publish(reader, target, size)
    tiles = [name for name in target.writes if "checkpoint" not in name]
    assert len(tiles) == len(set(tiles))
    assert target.writes.count("log/bank/checkpoint") == 3


def test_partial_objects_stay_until_a_full_one_is_in_their_place(reader: LogReader, target: Target) -> None:
    entries = MemoryTarget()
    for size in (100, 200, 500):
        publish(reader, target, size, entries_target=entries)
    assert set(target.list("log/bank/tile/0/")) == {"log/bank/tile/0/000", "log/bank/tile/0/001.p/244"}
    assert set(entries.list("log/bank/tile/")) == {
        "log/bank/tile/entries/000",
        "log/bank/tile/entries/001.p/244",
    }
    publish(reader, target, 510)
    assert set(target.list("log/bank/tile/0/001.p/")) == {"log/bank/tile/0/001.p/244", "log/bank/tile/0/001.p/254"}


def test_an_older_checkpoint_never_replaces_a_newer_one(reader: LogReader, target: Target) -> None:
    publish(reader, target, 700)
    done = publish_log(reader, target, "bank", note_at(reader, "bank", 300))
    assert (done.newer, done.size) == (True, 700)
    assert in_bank(target).read_whole(None) == 700


def test_a_checkpoint_gains_signatures_and_loses_none(reader: LogReader) -> None:
    target = MemoryTarget()
    plain = note_at(reader, "bank", 300)
    signed = plain + "— witness.example/w AAAAAAAA\n"
    for note in (plain, signed, plain):
        publish_log(reader, target, "bank", note)
    assert target.objects["log/bank/checkpoint"].decode() == signed


@pytest.mark.parametrize("content", [Content.TILES, Content.ENTRIES])
def test_a_partial_object_that_went_while_others_published_is_no_fault_where_the_full_one_begins_like_it(
    reader: LogReader, content: Content
) -> None:
    targets = {Content.TILES: MemoryTarget(), Content.ENTRIES: MemoryTarget()}
    for size in (200, 600):
        publish(reader, targets[Content.TILES], size, entries_target=targets[Content.ENTRIES])
    target, kind = targets[content], "entries" if content is Content.ENTRIES else "0"
    assert f"log/bank/tile/{kind}/000.p/200" not in target.objects
    target.objects["log/bank/checkpoint"] = note_at(reader, "bank", 200).encode()  # as read just before
    assert checked(reader, target, content) == []
    full = target.objects[f"log/bank/tile/{kind}/000"]
    target.objects[f"log/bank/tile/{kind}/000"] = full[:9] + bytes([full[9] ^ 1]) + full[10:]
    wrong = "bundle_wrong" if content is Content.ENTRIES else "tile_wrong"
    assert checked(reader, target, content) == [(wrong, f"log/bank/tile/{kind}/000.p/200")]


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("of_entries", [False, True])
def test_a_publisher_killed_at_any_step_leaves_a_whole_log_and_the_next_completes_it(
    reader: LogReader, *, late: bool, of_entries: bool
) -> None:
    killed_at = -1
    finished = False
    while not finished:
        killed_at += 1
        target, entries = MemoryTarget(), MemoryTarget()
        publish(reader, target, 200, entries_target=entries)
        before = set(target.objects)
        dying = DyingTarget(entries if of_entries else target, killed_at, late)
        targets = (target, dying) if of_entries else (dying, entries)
        try:
            publish(reader, targets[0], 600, entries_target=targets[1])
            finished = True
        except Killed:
            assert in_bank(target).read_whole(None) in (200, 600)
            assert in_bank(target).read_whole(entries) in (200, 600)
        assert "log/bank/checkpoint" in before
        publish(reader, target, 600, entries_target=entries)
        assert in_bank(target).read_whole(entries) == 600
    assert killed_at > 10


def test_a_first_publication_that_was_killed_shows_no_checkpoint(reader: LogReader) -> None:
    for killed_at in range(12):
        target = MemoryTarget()
        with pytest.raises(Killed):
            publish(reader, DyingTarget(target, killed_at), 600)
        assert in_bank(target).checkpoint() is None


def test_two_publishers_at_once_leave_the_newest_and_readers_never_see_it_shrink(
    reader: LogReader, target: Target
) -> None:
    sizes = [[*range(40, 1_100, step), 1_100] for step in (70, 110)]
    seen, failed, done = [0], [], threading.Event()

    def run(job: Callable[[], Answer]) -> None:
        try:
            job()
        except BaseException as error:  # noqa: BLE001 - a thread's failure is told below
            failed.append(error)

    def watch() -> None:
        while not done.is_set():
            checkpoint = in_bank(target).checkpoint()
            seen.append(seen[-1] if checkpoint is None else checkpoint.size)

    def publish_each(mine: list[int]) -> None:
        for size in mine:
            publish(reader, target, size)

    watcher = threading.Thread(target=run, args=(watch,))
    publishers = [threading.Thread(target=run, args=(lambda mine=mine: publish_each(mine),)) for mine in sizes]
    for thread in (watcher, *publishers):
        thread.start()
    for thread in publishers:
        thread.join()
    done.set()
    watcher.join()
    assert failed == []
    assert seen == sorted(seen)
    assert in_bank(target).read_whole(None) == 1_100


def checked(reader: LogReader, target: Target, content: Content = Content.TILES) -> list[tuple[str, str]]:
    head = reader.head("bank")
    assert head is not None
    return [(each.fault.value, each.where) for each in check_published(reader, target, head, content)]


def test_what_is_altered_cut_off_or_missing_is_found_and_mended(reader: LogReader, target: Target) -> None:
    assert checked(reader, target) == [("checkpoint_missing", "log/bank/checkpoint")]
    publish(reader, target, 1_100)
    assert checked(reader, target) == []
    altered, cut, missing = (f"log/bank/tile/0/{index:03}" for index in range(3))
    data = target.get(altered)
    assert data is not None
    target.put(altered, bytes([data.data[0] ^ 1]) + data.data[1:], FOR_EVER)
    target.put(cut, data.data[:-1], FOR_EVER)
    target.delete(missing)
    assert checked(reader, target) == [("tile_wrong", altered), ("tile_wrong", cut), ("tile_missing", missing)]
    done = publish_log(reader, target, "bank", note_at(reader, "bank", 1_100), again=True)
    assert (done.objects, done.mended) == (3, (altered, cut))
    assert checked(reader, target) == []
    assert in_bank(target).read_whole(None) == 1_100


def test_a_missing_bundle_is_found(reader: LogReader) -> None:
    target, entries = MemoryTarget(), MemoryTarget()
    publish(reader, target, 700, entries_target=entries)
    del entries.objects["log/bank/tile/entries/001"]
    entries.objects["log/bank/tile/entries/000"] += b"x"
    found = checked(reader, entries, Content.ENTRIES)
    assert found == [
        ("bundle_wrong", "log/bank/tile/entries/000"),
        ("bundle_missing", "log/bank/tile/entries/001"),
    ]


def test_what_a_dead_publisher_left_behind_is_removed_with_again(reader: LogReader, target: Target) -> None:
    publish(reader, target, 600)
    target.put("log/bank/tile/0/000.p/7", b"left", FOR_EVER)
    target.put("log/bank/tile/0/notes.txt", b"not ours", FOR_EVER)
    publish(reader, target, 600, again=True)
    assert set(target.list("log/bank/tile/0/")) == {
        "log/bank/tile/0/000",
        "log/bank/tile/0/001",
        "log/bank/tile/0/002.p/88",
        "log/bank/tile/0/notes.txt",
    }


def forged(size: int, origin: str = ORIGIN, root: bytes = b"\7" * 32) -> bytes:
    return sign_checkpoint(Checkpoint(origin, size, root), signer=MemorySigner(origin)).encode()


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "checkpoint_malformed"),
        (b"\xff", "checkpoint_malformed"),
        (forged(5, "log.example/op/other"), "checkpoint_malformed"),
        (forged(5), "forked"),
    ],
)
def test_a_checkpoint_that_is_not_this_log_s_stops_publishing_until_it_is_mended(
    reader: LogReader, data: bytes, fault: str
) -> None:
    target = MemoryTarget(objects={"log/bank/checkpoint": data})
    assert checked(reader, target) == [(fault, "log/bank/checkpoint")]
    with pytest.raises(TargetWrong):
        publish(reader, target, 600)
    assert set(target.objects) == {"log/bank/checkpoint"}
    publish(reader, target, 600, again=True)
    assert in_bank(target).read_whole(None) == 600


def test_a_target_that_holds_a_longer_log_than_there_is_is_never_overwritten(reader: LogReader) -> None:
    target = MemoryTarget(objects={"log/bank/checkpoint": forged(5_000)})
    assert checked(reader, target) == [("shrunk", "log/bank/checkpoint")]
    for again in (False, True):
        with pytest.raises(TargetWrong, match="rolled back"):
            publish(reader, target, 600, again=again)
    assert target.objects["log/bank/checkpoint"] == forged(5_000)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE tiles SET data = zeroblob(8192) WHERE level = 0 AND n = 1",
        "DELETE FROM tiles WHERE level = 0 AND n = 1",
        "UPDATE tiles SET data = zeroblob(128) WHERE level = 1",
        "UPDATE tiles SET data = zeroblob(2432) WHERE level = 0 AND n = 4",
        "UPDATE entries SET hash = zeroblob(32) WHERE idx = 300",
        "DELETE FROM entries WHERE idx = 300",
    ],
)
def test_a_database_that_contradicts_its_tree_is_not_published(reader: LogReader, engine: Engine, damage: str) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("the statements are SQLite's")
    with writing(engine) as connection:
        connection.execute(text("PRAGMA foreign_keys=OFF"))
        connection.execute(text(damage))
    target = MemoryTarget()
    note = sign_checkpoint(Checkpoint(ORIGIN, 1_100, reader.heads()[0].root), signer=MemorySigner(ORIGIN))
    with pytest.raises(LogCorrupt):
        publish_log(LogReader(engine), target, "bank", note, entries_target=MemoryTarget())
    assert "log/bank/checkpoint" not in target.objects


def test_only_a_checkpoint_of_the_log_itself_is_published(reader: LogReader) -> None:
    target = MemoryTarget()
    for note in (forged(5), forged(1_101), note_at(reader, "root", 3)):
        with pytest.raises(LogCorrupt):
            publish_log(reader, target, "bank", note if isinstance(note, str) else note.decode())
    with pytest.raises(LogUnknown):
        publish_log(reader, target, "nobody", forged(5).decode())
    assert target.objects == {}


class Forgetful(MemoryTarget):
    """Takes what it is given, and loses it."""

    def put(self, name: str, data: bytes, headers: object) -> None:  # noqa: ARG002
        self.writes.append(name)


def test_a_store_that_loses_what_it_takes_gets_no_checkpoint(reader: LogReader) -> None:
    target = Forgetful()
    with pytest.raises(TargetWrong):
        publish(reader, target, 600)
    assert "log/bank/checkpoint" not in target.writes


@pytest.mark.slow
def test_a_bucket_s_objects_have_their_headers(reader: LogReader, bucket: Bucket) -> None:
    targets = open_targets(Publishing(bucket, Bucket(bucket.name, "auditors", bucket.endpoint)))
    assert targets is not None
    publish_log(reader, targets.public, "bank", note_at(reader, "bank", 600), entries_target=targets.entries)
    assert isinstance(targets.public, BucketTarget)
    assert str(targets.public) == f"s3://{bucket.name}/deployment/one"

    def head(key: str) -> tuple[str, str]:
        assert isinstance(targets.public, BucketTarget)
        answer = targets.public._client.head_object(Bucket=bucket.name, Key=key)
        return answer["ContentType"], answer["CacheControl"]

    octets = "application/octet-stream"
    assert head("deployment/one/log/bank/tile/0/000") == (octets, "public, max-age=31536000, immutable")
    assert head("deployment/one/log/bank/checkpoint") == ("text/plain; charset=utf-8", "no-cache")
    assert head("auditors/log/bank/tile/entries/002.p/88") == (octets, "private, no-store")


@pytest.mark.slow
def test_a_store_without_conditions_is_written_all_the_same(reader: LogReader, aws: None) -> None:  # noqa: ARG001
    store = OldStore()
    with old_store(store) as address:
        target = BucketTarget(Bucket("plain", "", address))
        publish(reader, target, 300)
        publish(reader, target, 600)
        assert store.refused == 2
        assert "/plain/log/bank/tile/0/001" in store.objects
        assert in_bank(target).read_whole(None) == 600


@pytest.mark.slow
def test_a_store_that_cuts_objects_off_is_found_out_before_the_checkpoint(
    reader: LogReader,
    aws: None,  # noqa: ARG001
) -> None:
    store = OldStore(keep=lambda data: data[:1_000])
    with old_store(store) as address, pytest.raises(TargetWrong, match="something else is read back"):
        publish(reader, BucketTarget(Bucket("plain", "", address)), 600)
    assert "/plain/log/bank/checkpoint" not in store.objects


@pytest.mark.slow
def test_a_store_that_is_away_or_refuses_is_unavailable_and_says_why(
    reader: LogReader, endpoint: str, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TargetUnavailable, match="NoSuchBucket"):
        publish(reader, BucketTarget(Bucket("nobodys-bucket", "", endpoint)), 600)
    with pytest.raises(TargetUnavailable, match="NoSuchBucket"):
        list(BucketTarget(Bucket("nobodys-bucket", "", endpoint)).list(""))
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr("transparency.publishing.bucket._ATTEMPTS", 1)
    with pytest.raises(TargetUnavailable, match="Could not connect"):
        publish(reader, BucketTarget(Bucket(bucket.name, "", "http://127.0.0.1:1")), 600)


def test_a_folder_is_readable_by_a_web_server_and_private_where_it_must_be(reader: LogReader, tmp_path: Path) -> None:
    publishing = Publishing(Folder(tmp_path / "public"), Folder(tmp_path / "for-auditors"))
    targets = open_targets(publishing)
    assert targets is not None
    publish_log(reader, targets.public, "bank", note_at(reader, "bank", 600), entries_target=targets.entries)
    for folder, mode, folder_mode in (("public", 0o644, 0o755), ("for-auditors", 0o640, 0o750)):
        for path in (tmp_path / folder / "log").rglob("*"):
            assert path.stat().st_mode & 0o777 == (folder_mode if path.is_dir() else mode)
    assert [path.name for path in (tmp_path / "public" / ".publishing").iterdir()] == ["lock"]
    assert open_targets(Publishing()) is None


def test_a_folder_takes_no_names_that_lead_out_of_it(tmp_path: Path) -> None:
    target = FolderTarget(tmp_path)
    for name in ("../x", "a/../../x", "/x", "", "a//b", "a/", "..", "a/..", "x\n"):
        with pytest.raises(ValueError, match="no name"):
            target.put(name, b"", FOR_EVER)
    target.put(".well-known/x.json", b"1", FOR_EVER)
    assert list(target.list("")) == [".well-known/x.json"]


def test_a_folder_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    target = FolderTarget(tmp_path / "file")
    with pytest.raises(TargetUnavailable, match="Not a directory"):
        target.put("a", b"", FOR_EVER)
    with pytest.raises(TargetUnavailable, match="Not a directory"):
        target.get("a")
    with pytest.raises(TargetUnavailable):
        target.swap("a", b"", FOR_EVER, over=None)


def test_removing_what_is_not_there_is_no_fault(target: Target) -> None:
    target.delete("log/bank/tile/0/000.p/5")
    assert list(target.list("")) == []
