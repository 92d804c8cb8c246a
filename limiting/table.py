"""Counts in one small file, shared by the processes of a machine.

65,536 places of 32 bytes, in buckets of eight: a hash of the key (16 bytes), when it runs out (ms of the machine's
monotonic clock, so that a clock that is set changes nothing), the count. A count holds its bucket's byte of the file
locked, four system calls long; a process that dies lets go. Nothing is synced: counts may be lost with the power. Read
and written, never mapped: a mapped file whose disk is full kills the process.

Where a bucket is full the smallest count goes: who fills the table with new addresses pushes out others like them,
never the one that has tried a thousand times.
"""

import fcntl
import os
import struct
import time
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Final

from limits.storage import Storage

_PLACE: Final = struct.Struct("<16sQQ")
_BUCKET_BYTES: Final = 8 * _PLACE.size
_BUCKETS: Final = 8192
_SIZE: Final = _BUCKET_BYTES * (_BUCKETS + 1)  # the first one says of which start of the machine the times are
_HASH_BYTES: Final = 16
_MOST: Final = 2**62
_LONGEST_MS: Final = 2 * 86_400_000  # nothing is kept longer: a place that says so is damaged
_PATIENCE_S: Final = 0.1
_PAUSE_S: Final = 0.0001
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


class TableStorage(Storage):
    """The counts of one file, made where it is missing, as a storage of `limits`. Threads and processes may share it.

    Raises OSError (BlockingIOError where a place stays locked for 100 ms: its holder was stopped in that instant).
    """

    STORAGE_SCHEME = None

    def __init__(self, path: Path, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._lock = Lock()  # the file's locks are a process's, not a thread's
        self._file = _open(path)

    @property
    def base_exceptions(self) -> type[Exception]:
        """What any call may raise."""
        return OSError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Add to a count, which begins at 0 and runs out `expiry` seconds after it began; return it."""
        hashed, offset = _home(key)
        with self._lock:
            _hold(self._file, offset)
            try:
                now_ms = int(self._monotonic() * 1000)
                place, until_ms, count = self._find(hashed, offset, now_ms)
                if not until_ms:
                    until_ms = now_ms + int(expiry * 1000)
                count = min(max(count + amount, 0), _MOST)
                os.pwrite(self._file, _PLACE.pack(hashed, until_ms, count), place)
                return count
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, offset)

    def get(self, key: str) -> int:
        """Return a count; 0 for one that there is not."""
        return self.look(key)[0]

    def get_expiry(self, key: str) -> float:
        """Return when a count runs out, in seconds since 1970; now for one that there is not."""
        return time.time() + self.look(key)[1]

    def look(self, key: str) -> tuple[int, float]:
        """Return a count and in how many seconds it runs out; zeros for one that there is not.

        Nothing is locked: a place is written in one step, and read in one.
        """
        hashed, offset = _home(key)
        now_ms = int(self._monotonic() * 1000)
        _, until_ms, count = self._find(hashed, offset, now_ms)
        return count, max(until_ms - now_ms, 0) / 1000

    def check(self) -> bool:
        """Tell whether the file can be used."""
        try:
            self.look("")
        except OSError:
            return False
        return True

    def reset(self) -> int | None:
        """Forget all counts."""
        os.pwrite(self._file, bytes(_SIZE - _BUCKET_BYTES), _BUCKET_BYTES)
        return None

    def clear(self, key: str) -> None:
        """Forget a count."""
        hashed, offset = _home(key)
        with self._lock:
            _hold(self._file, offset)
            try:
                place, until_ms, _ = self._find(hashed, offset, int(self._monotonic() * 1000))
                if until_ms:
                    os.pwrite(self._file, bytes(_PLACE.size), place)
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, offset)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _find(self, hashed: bytes, offset: int, now_ms: int) -> tuple[int, int, int]:
        """Return where a key's place is in the file, when its count runs out, and the count.

        For a key that has none: the place to take (free, else the smallest count's), and zeros.
        """
        bucket = os.pread(self._file, _BUCKET_BYTES, offset)
        if len(bucket) != _BUCKET_BYTES:
            raise OSError("the file of the limits was cut off")
        at = bucket.find(hashed)
        if at >= 0 and not at % _PLACE.size:
            _, until_ms, count = _PLACE.unpack_from(bucket, at)
            if _is_alive(until_ms, count, now_ms):
                return offset + at, until_ms, count
        values = [
            count if _is_alive(until_ms, count, now_ms) else -1 for _, until_ms, count in _PLACE.iter_unpack(bucket)
        ]
        return offset + values.index(min(values)) * _PLACE.size, 0, 0


def _home(key: str) -> tuple[bytes, int]:
    """Return a key's hash and where its bucket begins."""
    hashed = blake2b(key.encode(), digest_size=_HASH_BYTES).digest()
    return hashed, (1 + int.from_bytes(hashed[:4], "little") % _BUCKETS) * _BUCKET_BYTES


def _is_alive(until_ms: int, count: int, now_ms: int) -> bool:
    return now_ms < until_ms <= now_ms + _LONGEST_MS and count <= _MOST


def _hold(file: int, offset: int) -> None:
    """Lock the byte at `offset`. Raises BlockingIOError when that takes too long."""
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, offset)
    except BlockingIOError:
        until = time.monotonic() + _PATIENCE_S
        while True:
            time.sleep(_PAUSE_S)
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, offset)
            except BlockingIOError:
                if time.monotonic() > until:
                    raise
            else:
                return


def _open(path: Path) -> int:
    """Open the file, empty where it is new, of another size, or of an earlier start of the machine."""
    boot = (_BOOT_ID.read_bytes() if _BOOT_ID.exists() else b"").strip().ljust(_BUCKET_BYTES, b"\0")[:_BUCKET_BYTES]
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.lockf(file, fcntl.LOCK_EX, 1)  # the first bucket's byte: nobody else's but who opens
        if os.fstat(file).st_size != _SIZE or os.pread(file, _BUCKET_BYTES, 0) != boot:
            os.ftruncate(file, _SIZE)
            os.pwrite(file, boot + bytes(_SIZE - _BUCKET_BYTES), 0)
        fcntl.lockf(file, fcntl.LOCK_UN, 1)
    except BaseException:
        os.close(file)
        raise
    return file
