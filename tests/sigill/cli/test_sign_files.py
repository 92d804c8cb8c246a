"""What `sigill sign --out` writes is never written over what was there, and a sealed message is never lost."""

from pathlib import Path

import pytest

from sigill.cli.exits import Stop
from sigill.cli.files import check_folder, keep_earlier

NAMES = ("message.txt", "seal.txt")


def test_a_folder_is_made_and_left_as_it_was(tmp_path: Path) -> None:
    check_folder(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_file_where_the_folder_should_be_stops_before_anything_is_sealed(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("x")
    with pytest.raises(Stop, match="Nothing was sealed"):
        check_folder(tmp_path / "README.md")


def test_earlier_files_get_the_same_number_and_are_all_kept(tmp_path: Path) -> None:
    kept = []
    for turn in range(3):
        kept.append(keep_earlier(tmp_path, NAMES))
        for name in NAMES:
            (tmp_path / name).write_text(f"{name} {turn}")
    assert kept == [(), ("message.1.txt", "seal.1.txt"), ("message.2.txt", "seal.2.txt")]
    assert (tmp_path / "seal.1.txt").read_text() == "seal.txt 0"
    assert (tmp_path / "seal.2.txt").read_text() == "seal.txt 1"
    assert (tmp_path / "seal.txt").read_text() == "seal.txt 2"
