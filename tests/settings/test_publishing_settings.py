"""Where the logs are published: the forms that are taken, and what would show keys or entries to everybody."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings import SettingsInvalid, read_settings
from settings.publishing import Bucket, Folder, Publishing, read_publishing

PUBLIC, ENTRIES, ENDPOINT = "SIGILL_PUBLISH_TO", "SIGILL_PUBLISH_ENTRIES_TO", "SIGILL_S3_ENDPOINT"


def read(**environment: str) -> Publishing:
    return read_settings({"VAR": "/srv/sigill/var", **environment}).publishing


def test_by_default_nothing_is_published() -> None:
    assert read() == Publishing(None, None)
    assert read(SIGILL_PUBLISH_TO="", SIGILL_PUBLISH_ENTRIES_TO="", SIGILL_S3_ENDPOINT="") == Publishing(None, None)


def test_folders_and_buckets_are_taken() -> None:
    found = read(SIGILL_PUBLISH_TO="/srv/public", SIGILL_PUBLISH_ENTRIES_TO="/srv/entries")
    assert found == Publishing(Folder(Path("/srv/public")), Folder(Path("/srv/entries")))
    found = read(SIGILL_PUBLISH_TO="s3://logs.example/a/b/", SIGILL_PUBLISH_ENTRIES_TO="s3://entries")
    assert found == Publishing(Bucket("logs.example", "a/b", None), Bucket("entries", "", None))
    found = read(SIGILL_PUBLISH_TO="s3://logs", SIGILL_S3_ENDPOINT="http://127.0.0.1:9000")
    assert found.public == Bucket("logs", "", "http://127.0.0.1:9000")
    assert read(SIGILL_PUBLISH_TO="relative").public == Folder(Path("relative").resolve())


@pytest.mark.parametrize(
    "value",
    [
        "s3://",
        "s3://UPPER",
        "s3://ab",
        "s3://logs/a//b",
        "s3://logs/../b",
        "s3://logs/a b",
        "s3://logs/å",
        "s3://key:secret@logs/a",
        "https://logs.example",
        "file:///srv",
        "/srv/\0",
    ],
)
def test_a_place_of_another_form_is_a_fault(value: str) -> None:
    with pytest.raises(SettingsInvalid) as raised:
        read(SIGILL_PUBLISH_TO=value)
    (fault,) = raised.value.faults
    assert fault.startswith("SIGILL_PUBLISH_TO is a folder or s3://bucket/prefix")
    assert "secret" not in fault


@pytest.mark.parametrize("value", ["ftp://x", "http://x/path", "https://user:secret@x", "x:9000"])
def test_an_endpoint_of_another_form_is_a_fault(value: str) -> None:
    with pytest.raises(SettingsInvalid) as raised:
        read(SIGILL_PUBLISH_TO="s3://logs", SIGILL_S3_ENDPOINT=value)
    assert raised.value.faults == ("SIGILL_S3_ENDPOINT is http(s)://host[:port]",)


@pytest.mark.parametrize(
    ("public", "entries"),
    [
        ("/srv/p", "/srv/p"),
        ("/srv/p", "/srv/p/entries"),
        ("/srv/p/x", "/srv/p"),
        ("s3://logs", "s3://logs/entries"),
        ("s3://logs/a", "s3://logs/a"),
        ("s3://logs/a/b", "s3://logs/a"),
    ],
)
def test_entries_never_lie_where_everybody_reads(public: str, entries: str) -> None:
    with pytest.raises(SettingsInvalid) as raised:
        read(SIGILL_PUBLISH_TO=public, SIGILL_PUBLISH_ENTRIES_TO=entries)
    (fault,) = raised.value.faults
    assert "not for anyone" in fault


@pytest.mark.parametrize(
    ("public", "entries"),
    [("/srv/p", "/srv/pp"), ("s3://logs/a", "s3://logs/ab"), ("s3://logs", "s3://entries"), ("/logs", "s3://logs")],
)
def test_places_side_by_side_are_apart(public: str, entries: str) -> None:
    found = read(SIGILL_PUBLISH_TO=public, SIGILL_PUBLISH_ENTRIES_TO=entries)
    assert found.public is not None
    assert found.entries is not None


@pytest.mark.parametrize("folder", ["/srv/sigill/var", "/srv/sigill", "/"])
def test_a_published_folder_never_holds_the_keys(folder: str) -> None:
    with pytest.raises(SettingsInvalid) as raised:
        read(SIGILL_PUBLISH_TO=folder)
    (fault,) = raised.value.faults
    assert "keys" in fault
    assert read(SIGILL_PUBLISH_TO="/srv/sigill/var/published").public == Folder(Path("/srv/sigill/var/published"))


def test_entries_alone_are_a_fault() -> None:
    with pytest.raises(SettingsInvalid) as raised:
        read(SIGILL_PUBLISH_ENTRIES_TO="/srv/entries")
    (fault,) = raised.value.faults
    assert fault.startswith("SIGILL_PUBLISH_ENTRIES_TO needs SIGILL_PUBLISH_TO")


@given(st.dictionaries(st.sampled_from([PUBLIC, ENTRIES, ENDPOINT]), st.text() | st.text().map("s3://{}".format)))
def test_any_text_is_taken_or_is_a_fault(environment: dict[str, str]) -> None:
    found, faults = read_publishing(environment, var=Path("/srv/sigill/var"))
    given_place = environment.get(PUBLIC, "") != ""
    assert faults or (found.public is not None) == given_place
