"""Web servers of strangers on this machine, with a certificate authority of their own, which answer byte by byte."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Play = Callable[[socket.socket], None]
"""What a server does with a connection whose request has been read."""

HOME: Final = ip_network("127.0.0.1/32")
"""The network that a test lets through: where its servers are, and nothing else of this machine."""


@dataclass(slots=True)
class Stranger:
    """A running server: its port, and the requests it has read."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority in a folder. `ca_file` is what its customers trust."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def ca_file(self) -> str:
        return str(self.folder / "ca.pem")

    def tls_for(self, *names: str) -> ssl.SSLContext:
        """Return what a server shows that has a certificate for these names."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _begin("a stranger", key.public_key(), issuer=self.certificate.subject)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_authority_key(self.key), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        path = self.folder / f"{names[0]}.pem"
        path.write_bytes(_pem(key) + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(path)
        return context


def make_authority(folder: Path) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority of tests")])
    certificate = (
        _begin("An authority of tests", key.public_key(), issuer=subject)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_key_usage(), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return Authority(folder, key, certificate)


@contextmanager
def playing(play: Play, *, tls: ssl.SSLContext | None = None, address: str = "127.0.0.1") -> Iterator[Stranger]:
    """Run a server on loopback until the block ends: it reads each request's head and then does as `play` says."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as listener:
        stranger = Stranger(listener.getsockname()[1])
        if tls is not None:
            tls.sni_callback = lambda _, name, __: stranger.names.append(name)
        listener.settimeout(0.05)
        ended = threading.Event()
        threads: list[threading.Thread] = []

        def accept() -> None:
            while not ended.is_set():
                with suppress(TimeoutError):
                    connection, _ = listener.accept()
                    connection.settimeout(5.0)
                    threads.append(threading.Thread(target=_serve, args=(connection, tls, stranger, play)))
                    threads[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield stranger
        finally:
            ended.set()
            accepting.join()
            for thread in threads:
                thread.join()


def say(body: bytes, *, status: str = "200 OK", headers: Sequence[str] = ()) -> Play:
    """Answer properly."""
    head = "\r\n".join((f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""))
    return lambda connection: connection.sendall(head.encode() + body)


def say_raw(*parts: bytes, pause_s: float = 0.0) -> Play:
    """Send these bytes, whatever they are, with a pause before each."""

    def play(connection: socket.socket) -> None:
        for part in parts:
            if pause_s:
                threading.Event().wait(pause_s)
            connection.sendall(part)

    return play


def redirect_to(url: str, *, status: str = "302 Found") -> Play:
    return say(b"", status=status, headers=[f"Location: {url}"])


def _serve(connection: socket.socket, tls: ssl.SSLContext | None, stranger: Stranger, play: Play) -> None:
    with connection, suppress(OSError):
        if tls is None:
            _answer(connection, stranger, play)
            return
        with tls.wrap_socket(connection, server_side=True) as secure:
            _answer(secure, stranger, play)


def _answer(connection: socket.socket, stranger: Stranger, play: Play) -> None:
    request = b""
    while b"\r\n\r\n" not in request:
        part = connection.recv(65_536)
        if not part:
            return
        request += part
    stranger.requests.append(request)
    play(connection)


def _begin(name: str, key: ec.EllipticCurvePublicKey, *, issuer: x509.Name) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
    )


def _authority_key(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _key_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
