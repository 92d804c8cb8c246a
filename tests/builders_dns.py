"""Name servers on this machine that answer over UDP and TCP, truly or not, and records for them."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from registry.asking.dns import NameServer

Reply = Callable[[dns.message.QueryMessage, bool], bytes | None]
"""A query, and whether it came over TCP, in; the message to send, or None for silence, out."""


@contextmanager
def answering(reply: Reply) -> Iterator[NameServer]:
    """Run a name server on loopback until the block ends."""
    with _open_both() as (udp, tcp):
        ended = threading.Event()
        threads = [
            threading.Thread(target=_serve_udp, args=(udp, reply, ended)),
            threading.Thread(target=_serve_tcp, args=(tcp, reply, ended)),
        ]
        for thread in threads:
            thread.start()
        try:
            yield NameServer("127.0.0.1", udp.getsockname()[1])
        finally:
            ended.set()
            for thread in threads:
                thread.join()


@contextmanager
def all_answering(*replies: Reply) -> Iterator[Sequence[NameServer]]:
    """Run a name server for each of `replies`."""
    with ExitStack() as stack:
        yield [stack.enter_context(answering(reply)) for reply in replies]


def say_txt(*records: Sequence[bytes] | bytes, authenticated: bool = False) -> Reply:
    """Answer with these TXT records; a record is its strings, or one string."""

    def reply(query: dns.message.QueryMessage, _tcp: bool) -> bytes:
        answer = dns.message.make_response(query, recursion_available=True)
        if authenticated:
            answer.flags |= dns.flags.AD
        if records:
            answer.answer.append(make_txt(query, *records))
        return answer.to_wire(max_size=65_535)

    return reply


def say_code(code: dns.rcode.Rcode) -> Reply:
    """Answer with a response code, such as NXDOMAIN."""

    def reply(query: dns.message.QueryMessage, _tcp: bool) -> bytes:
        answer = dns.message.make_response(query)
        answer.set_rcode(code)
        return answer.to_wire()

    return reply


def say_nothing(_query: dns.message.QueryMessage, _tcp: bool) -> None:
    """Read the question and stay silent."""


def truncate_over_udp(full: Reply) -> Reply:
    """Answer over UDP that there is too much, and over TCP in full."""

    def reply(query: dns.message.QueryMessage, tcp: bool) -> bytes | None:
        if tcp:
            return full(query, tcp)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.TC
        return answer.to_wire()

    return reply


def make_txt(query: dns.message.QueryMessage, *records: Sequence[bytes] | bytes) -> dns.rrset.RRset:
    """Return the records of the name that was asked for, strings as they are."""
    texts = [[record] if isinstance(record, bytes) else record for record in records]
    return dns.rrset.from_text_list(
        query.question[0].name,
        60,
        dns.rdataclass.IN,
        dns.rdatatype.TXT,
        [" ".join(_quote(part) for part in parts) for parts in texts],
    )


def _quote(part: bytes) -> str:
    return '"' + "".join(f"\\{byte:03d}" for byte in part) + '"'


@contextmanager
def _open_both() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Yield a UDP and a TCP socket of one port."""
    for _ in range(50):
        tcp = socket.create_server(("127.0.0.1", 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with tcp, udp:
            try:
                udp.bind(tcp.getsockname())
            except OSError:
                continue
            udp.settimeout(0.05)
            tcp.settimeout(0.05)
            yield udp, tcp
            return
    raise RuntimeError("no port is free for both")


def _serve_udp(udp: socket.socket, reply: Reply, ended: threading.Event) -> None:
    while not ended.is_set():
        with suppress(TimeoutError):
            data, sender = udp.recvfrom(65_535)
            answer = _reply(reply, data, tcp=False)
            if answer is not None:
                udp.sendto(answer, sender)


def _serve_tcp(tcp: socket.socket, reply: Reply, ended: threading.Event) -> None:
    while not ended.is_set():
        with suppress(OSError):
            connection, _ = tcp.accept()
            with connection, connection.makefile("rb") as stream:
                connection.settimeout(2.0)
                (length,) = struct.unpack("!H", stream.read(2))
                answer = _reply(reply, stream.read(length), tcp=True)
                if answer is not None:
                    connection.sendall(struct.pack("!H", len(answer)) + answer)


def _reply(reply: Reply, data: bytes, *, tcp: bool) -> bytes | None:
    query = dns.message.from_wire(data)
    assert isinstance(query, dns.message.QueryMessage)
    return reply(query, tcp)
