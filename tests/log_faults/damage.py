"""One flipped bit in everything that is published, or that a customer keeps."""

import base64
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from sigill.tlog.witnessed import join_proofs, second_proof
from tests.log_faults.columns import Case, Column
from tests.log_faults.stage import BANK, SIZE, Scene

_HERE: Final = f"log/{BANK}"
_REST: Final = SIZE % 256
_READERS: Final = (Column.MONITOR, Column.AUDIT, Column.CUSTOMER)


def flip_base64(text: str, line: int) -> str:
    """Flip a bit of what the last word of a line says in base64."""
    lines = text.split("\n")
    words = lines[line].split(" ")
    data = bytearray(base64.b64decode(words[-1]))
    data[-1] ^= 1
    lines[line] = " ".join([*words[:-1], base64.b64encode(data).decode()])
    return "\n".join(lines)


def _in_file(name: str, *, at: int = 70, private: bool = False) -> Callable[[Scene, ExitStack], None]:
    def make(scene: Scene, _stack: ExitStack) -> None:
        scene.served = False
        scene.change_file(name, at=at, private=private)

    return make


def _in_size(name: str) -> Callable[[Scene, ExitStack], None]:
    """Flip a bit of the last digit of a checkpoint's size."""

    def make(scene: Scene, _stack: ExitStack) -> None:
        scene.served = False
        path = scene.public / name
        origin, size, _ = path.read_text().split("\n", 2)
        scene.change_file(name, at=len(f"{origin}\n{size}".encode()) - 1)

    return make


def _in_cosignature(scene: Scene, _stack: ExitStack) -> None:
    scene.served = False
    _rewrite(scene.public / "log/root/checkpoint", lambda note: flip_base64(note, -2))


def _in_receipt(change: Callable[[str], str]) -> Callable[[Scene, ExitStack], None]:
    def make(scene: Scene, _stack: ExitStack) -> None:
        _rewrite(Path(scene.file("receipt")), change)

    return make


def _in_path(receipt: str) -> str:
    lines = receipt.split("\n")
    return flip_base64(receipt, next(number for number, line in enumerate(lines) if line.startswith("index ")) + 1)


def _in_signature(receipt: str) -> str:
    return flip_base64(receipt, -2)


def _in_second(receipt: str) -> str:
    inner = second_proof(receipt)
    assert inner is not None
    return join_proofs(receipt, flip_base64(inner, -2))


def _rewrite(path: Path, change: Callable[[str], str]) -> None:
    path.write_text(change(path.read_text()))


def _tile(name: str, path: str, *, without_entries: str = "tile_wrong") -> Case:
    must = dict.fromkeys((Column.AUDIT, Column.FILES), "tile_wrong") | {Column.CUSTOMER: without_entries}
    return Case("one flipped bit, published", name, f"`{path}`, byte 6", _in_file(path, at=5), must)


def _bundle(name: str, path: str, *, private: bool) -> Case:
    readers = (Column.AUDIT,) if private else (Column.AUDIT, Column.CUSTOMER)
    must = dict.fromkeys((*readers, Column.FILES), "bundle_wrong")
    return Case("one flipped bit, published", name, f"`{path}`, byte 71", _in_file(path, private=private), must)


def _note(name: str, made: str, make: Callable[[Scene, ExitStack], None], fault: str, *also: Column) -> Case:
    must = dict.fromkeys((*_READERS, *also), fault)
    return Case("one flipped bit, published", name, made, make, must)


def _kept(name: str, made: str, change: Callable[[str], str], detail: str) -> Case:
    return Case("one flipped bit, kept", name, made, _in_receipt(change), {Column.CUSTOMER: detail})


CASES: Final = (
    _tile("leaf tile", f"{_HERE}/tile/0/000"),
    _tile("upper tile", f"{_HERE}/tile/1/000.p/1"),
    _tile("partial tile", f"{_HERE}/tile/0/001.p/{_REST}", without_entries="root_wrong"),
    _tile("the root log's tile", "log/root/tile/0/000.p/3"),
    _bundle("entry bundle", f"{_HERE}/tile/entries/000", private=True),
    _bundle("partial entry bundle", f"{_HERE}/tile/entries/001.p/{_REST}", private=True),
    _bundle("the root log's entry bundle", "log/root/tile/entries/000.p/3", private=False),
    _note(
        "an operator's checkpoint",
        "the last digit of its size",
        _in_size(f"{_HERE}/checkpoint"),
        "signature_wrong",
        Column.FILES,
    ),
    _note(
        "the root checkpoint",
        "the last digit of its size",
        _in_size("log/root/checkpoint"),
        "signature_wrong",
        Column.FILES,
    ),
    _note("a cosignature", "in the root checkpoint, its last byte", _in_cosignature, "cosignature_wrong"),
    _kept("a receipt's path", "one hash of its first proof", _in_path, "not_in_the_log"),
    _kept("a receipt's second proof", "the last cosignature in it", _in_second, "not_in_the_root_log"),
    _kept("a receipt's checkpoint", "the operator's signature in it", _in_signature, "not_in_the_log"),
)
