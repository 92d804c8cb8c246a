"""Reading what the arguments name, bounded; `-` is standard input. What cannot be read is a Stop with a sentence."""

import hashlib
import os
import secrets
import sys
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import BinaryIO, Final

from sigill.cli.exits import Stop
from sigill.cli.show import harmless
from sigill.encoding.base64url import format_base64url
from sigill.errors import MalformedKey, MalformedNote
from sigill.report.trust import MAX_TRUST_BYTES, Trust, parse_trust
from sigill.tlog.log_policy import LogPolicy, parse_log_policy

STDIN: Final = "-"
MAX_FILE_BYTES: Final = 1024 * 1024
MAX_ATTACHMENT_BYTES: Final = 1024 * 1024 * 1024
MAX_KEY_BYTES: Final = 1024
_CHUNK_BYTES: Final = 1024 * 1024
_PRIVATE: Final = 0o600


def read_bytes(name: str, *, max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """Return the content of a file of at most `max_bytes`."""
    try:
        if name == STDIN:
            data = sys.stdin.buffer.read(max_bytes + 1) if sys.stdin else b""
        else:
            with _open(name) as file:
                data = file.read(max_bytes + 1)
    except OSError as error:
        raise Stop(f"{_shown(name)} cannot be read: {error.strerror or error}.") from error
    if len(data) > max_bytes:
        raise Stop(f"{_shown(name)} is longer than {max_bytes} bytes. Give the message or seal alone.")
    return data


def read_text(name: str, *, max_bytes: int = MAX_FILE_BYTES) -> str:
    """Return the text of a UTF-8 file; a byte order mark at its beginning does not count."""
    data = read_bytes(name, max_bytes=max_bytes)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Stop(f"{_shown(name)} is not UTF-8 text (at byte {error.start}). Save it as UTF-8.") from None
    if "\x00" in text:
        raise Stop(f"{_shown(name)} is not a text: it holds zero bytes. Give the message as plain text.")
    return text


def read_seal(name: str) -> str:
    """Return the text of a file that holds a seal, without the line ends around it."""
    return read_text(name).strip()


def hash_attachment(name: str) -> str:
    """Return the base64url SHA-256 of a file, read piece by piece."""
    digest = hashlib.sha256()
    size = 0
    try:
        with _open(name) as file:
            while chunk := file.read(_CHUNK_BYTES):
                size += len(chunk)
                if size > MAX_ATTACHMENT_BYTES:
                    raise Stop(f"{_shown(name)} is longer than {MAX_ATTACHMENT_BYTES} bytes.")
                digest.update(chunk)
    except OSError as error:
        raise Stop(f"{_shown(name)} cannot be read: {error.strerror or error}.") from error
    return format_base64url(digest.digest())


def read_trust(name: str) -> Trust:
    """Return the trust file called `name`. Raises Stop."""
    try:
        return parse_trust(read_bytes(name, max_bytes=MAX_TRUST_BYTES))
    except MalformedKey as error:
        raise Stop(f"The trust file cannot be used: {error}. Fetch it again: sigill trust --out FILE") from error


def read_log_policy(name: str) -> LogPolicy:
    """Return the log policy in the file called `name`. Raises Stop, naming the line."""
    try:
        return parse_log_policy(read_text(name))
    except MalformedNote as error:
        raise Stop(
            f"The log policy cannot be used: {error}. Its form is that of https://c2sp.org/tlog-policy."
        ) from error


def write_file(path: Path, content: str) -> None:
    """Write a text as UTF-8, its line ends as they are."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8"))
    except OSError as error:
        raise Stop(f"{path} cannot be written: {error.strerror or error}.") from error


def write_private(name: str | Path, content: bytes) -> None:
    """Write a new file that nobody else can read, from its first moment on; one that is there stays. Raises Stop."""
    shown = harmless(str(name))
    try:
        descriptor = os.open(Path(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise Stop(f"{shown} is there already, and a key is never written over. Choose another name.") from None
    except (OSError, ValueError) as error:
        raise Stop(f"{shown} cannot be written: {getattr(error, 'strerror', None) or 'no name'}.") from error


def check_one_stdin(*names: str | None) -> None:
    """Refuse to read standard input twice."""
    if sum(name == STDIN for name in names) > 1:
        raise Stop("Standard input (-) can be read once only. Give the other one as a file.")


def _open(name: str) -> BinaryIO:
    try:
        return Path(name).open("rb")
    except ValueError as error:  # a name with a zero byte
        raise Stop(f"{_shown(name)} is no file name.") from error


def _shown(name: str) -> str:
    return "Standard input" if name == STDIN else name.encode("utf-8", "backslashreplace").decode("utf-8")


def check_folder(folder: Path) -> None:
    """Make `folder` and see that it can be written. Raises Stop."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".{secrets.token_hex(8)}"
        probe.touch(exist_ok=False)
        probe.unlink()
    except OSError as error:
        raise Stop(f"Nothing can be written into {folder}: {error.strerror}. Nothing was sealed.") from error


def keep_earlier(folder: Path, names: Iterable[str]) -> tuple[str, ...]:
    """Rename what stands in the way of `names` (`seal.1.txt`, the same number for all); return the new names."""
    wanted = [Path(name) for name in names]
    number = next(n for n in count(1) if not any((folder / _numbered(name, n)).exists() for name in wanted))
    there = [name for name in wanted if (folder / name).exists()]
    for name in there:
        (folder / name).rename(folder / _numbered(name, number))
    return tuple(_numbered(name, number) for name in there)


def _numbered(name: Path, number: int) -> str:
    return f"{name.stem}.{number}{name.suffix}"
