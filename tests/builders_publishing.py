"""Targets for tests: one in memory, one that dies at any step, S3 servers; and a reader that has a target alone."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TypeVar

import boto3
from botocore.config import Config
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from moto.server import ThreadedMotoServer

from settings.publishing import Bucket
from sigill.tlog.checkpoint import Checkpoint, sign_checkpoint, verify_checkpoint
from sigill.tlog.note import VerifierKey
from sigill.tlog.tiles import Bundle, format_path, parse_bundle
from sigill.tlog.tree import Frontier, grow, hash_leaf
from tests.builders_http import serving
from transparency.publishing.plan import Headers
from transparency.publishing.target import Stored, Target
from transparency.reading import LogReader

Answer = TypeVar("Answer")
PRIVATE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@dataclass(frozen=True)
class MemorySigner:
    name: str

    @property
    def verifier(self) -> VerifierKey:
        return VerifierKey(self.name, PRIVATE_KEY.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        return PRIVATE_KEY.sign(message)


def note_at(reader: LogReader, log_id: str, size: int) -> str:
    """Return the signed checkpoint that the log had with so many leaves."""
    head = reader.head(log_id)
    assert head is not None
    checkpoint = Checkpoint(head.origin, size, reader.root_at(log_id, size))
    return sign_checkpoint(checkpoint, signer=MemorySigner(head.origin))


@dataclass
class MemoryTarget:
    """A store in memory; `headers` holds what each object was written with."""

    workers: int = 1
    objects: dict[str, bytes] = field(default_factory=dict)
    headers: dict[str, Headers] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    _mutex: threading.RLock = field(default_factory=threading.RLock)

    def get(self, name: str) -> Stored | None:
        data = self.objects.get(name)
        return None if data is None else Stored(data, data.hex())

    def put(self, name: str, data: bytes, headers: Headers) -> None:
        with self._mutex:
            self.objects[name] = data
            self.headers[name] = headers
            self.writes.append(name)

    def swap(self, name: str, data: bytes, headers: Headers, *, over: Stored | None) -> bool:
        with self._mutex:
            if self.get(name) != over:
                return False
            self.put(name, data, headers)
            return True

    def list(self, folder: str) -> Iterator[str]:
        yield from [name for name in self.objects if name.startswith(folder)]

    def delete(self, name: str) -> None:
        self.objects.pop(name, None)


class Killed(BaseException):
    """The publisher was killed here."""


@dataclass
class DyingTarget:
    """A target whose publisher is killed before its n-th call; with `late`, just after that call did its work."""

    inner: Target
    calls_left: int
    late: bool = False

    @property
    def workers(self) -> int:
        return self.inner.workers

    def get(self, name: str) -> Stored | None:
        return self._do(lambda: self.inner.get(name))

    def put(self, name: str, data: bytes, headers: Headers) -> None:
        self._do(lambda: self.inner.put(name, data, headers))

    def swap(self, name: str, data: bytes, headers: Headers, *, over: Stored | None) -> bool:
        return self._do(lambda: self.inner.swap(name, data, headers, over=over))

    def list(self, folder: str) -> Iterator[str]:
        return iter(self._do(lambda: list(self.inner.list(folder))))

    def delete(self, name: str) -> None:
        self._do(lambda: self.inner.delete(name))

    def _do(self, call: Callable[[], Answer]) -> Answer:
        self.calls_left -= 1
        if self.calls_left < 0 and not self.late:
            raise Killed
        answer = call()
        if self.calls_left < 0:
            raise Killed
        return answer


@dataclass(frozen=True)
class Reader:
    """Somebody who has nothing but what is published, and the log's key."""

    target: Target
    log_id: str
    origin: str

    def checkpoint(self) -> Checkpoint | None:
        there = self.target.get(f"log/{self.log_id}/checkpoint")
        if there is None:
            return None
        return verify_checkpoint(there.data.decode(), origin=self.origin, keys=[MemorySigner(self.origin).verifier])

    def read_whole(self, entries: Target | None) -> int | None:
        """Rebuild the log from entries (None: from the tiles' leaves) and compare every tile; return its size."""
        checkpoint = self.checkpoint()
        if checkpoint is None:
            return None
        size = checkpoint.size
        leaves = self._leaf_hashes(size) if entries is None else self._entry_hashes(entries, size)
        frontier, nodes = grow(Frontier(), leaves)
        assert (frontier.size, frontier.root()) == (size, checkpoint.root)
        tiles: dict[tuple[int, int], bytes] = {}
        for level, index, value in nodes:
            if level % 8 == 0:
                place = (level // 8, index // 256)
                tiles[place] = tiles.get(place, b"") + value
        for (level, index), data in tiles.items():
            assert self._get(self.target, f"tile/{level}/{_number(index)}{_suffix(len(data) // 32)}") == data
        return size

    def _leaf_hashes(self, size: int) -> list[bytes]:
        data = b"".join(
            self._get(self.target, f"tile/0/{_number(begin // 256)}{_suffix(min(256, size - begin))}")
            for begin in range(0, size, 256)
        )
        return [data[start : start + 32] for start in range(0, len(data), 32)]

    def _entry_hashes(self, entries: Target, size: int) -> list[bytes]:
        bundles = [Bundle(begin // 256, min(256, size - begin)) for begin in range(0, size, 256)]
        return [
            hash_leaf(entry) for bundle in bundles for entry in parse_bundle(self._get(entries, format_path(bundle)))
        ]

    def _get(self, target: Target, path: str) -> bytes:
        there = target.get(f"log/{self.log_id}/{path}")
        assert there is not None, f"{path} is missing"
        return there.data


def _number(index: int) -> str:
    assert index < 1_000
    return f"{index:03}"


def _suffix(width: int) -> str:
    return "" if width == 256 else f".p/{width}"


@contextmanager
def moto_server() -> Iterator[str]:
    """Run moto's server in a thread; give its address. It keeps what it was given until the end."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def make_bucket(endpoint: str, name: str) -> Bucket:
    """Make a bucket; give a place in it."""
    options = Config(s3={"addressing_style": "path"})
    boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", config=options).create_bucket(Bucket=name)
    return Bucket(name, "deployment/one", endpoint)


@dataclass
class OldStore:
    """A small S3-like server that knows no conditions (501); it `keeps` what it was given as that function has it."""

    keep: Callable[[bytes], bytes] = bytes
    objects: dict[str, bytes] = field(default_factory=dict)
    refused: int = 0


@contextmanager
def old_store(store: OldStore) -> Iterator[str]:
    """Serve such a store; give its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            if "If-Match" in self.headers or "If-None-Match" in self.headers:
                store.refused += 1
                self._answer(501, b"<Error><Code>NotImplemented</Code></Error>")
                return
            store.objects[self.path] = store.keep(data)
            self._answer(200, b"")

        def do_GET(self) -> None:
            if "list-type" in self.path:
                self._answer(200, b"<ListBucketResult></ListBucketResult>")
                return
            data = store.objects.get(re.sub(r"\?.*", "", self.path))
            if data is None:
                self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
            else:
                self._answer(200, data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
            """Say nothing."""

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("ETag", '"x"')
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Handler) as url:
        yield url
