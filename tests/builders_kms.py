"""A KMS that is played: real keys behind KMS's own wire format, and every way not to answer."""

import base64
import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ACCOUNT: Final = "arn:aws:kms:eu-north-1:111122223333:"
_JSON: Final = "application/x-amz-json-1.1"


@dataclass
class PlayedKms:
    """Keys by their ARN, aliases of ARNs, and what is wrong: the code of an error, or `hangs`, `garbles`, `swaps`."""

    keys: dict[str, ec.EllipticCurvePrivateKey] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    fault: str | None = None
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def make(self, curve: ec.EllipticCurve | None = None) -> str:
        """Make a key; return its ARN."""
        arn = f"{ACCOUNT}key/{uuid.uuid4()}"
        self.keys[arn] = ec.generate_private_key(curve or ec.SECP256R1())
        return arn

    def answer(self, action: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.asked.append((action, body))
        if self.fault == "hangs":
            time.sleep(4)
        if self.fault == "garbles":
            return 200, {"Signature": base64.b64encode(b"no signature").decode()}
        if self.fault not in {None, "hangs", "swaps"}:
            return 400, {"__type": self.fault, "message": f"not for {ACCOUNT}user/somebody"}
        if action == "CreateKey":
            return 200, {"KeyMetadata": {"KeyId": "x", "Arn": self.make()}}
        name = self.aliases.get(body["KeyId"], body["KeyId"])
        if name not in self.keys:
            return 400, {"__type": "NotFoundException", "message": "no such key"}
        return 200, self._of_key(action, name, body)

    def _of_key(self, action: str, arn: str, body: dict[str, Any]) -> dict[str, Any]:
        if action == "DescribeKey":
            return {"KeyMetadata": {"KeyId": arn.partition("/")[2], "Arn": arn}}
        key = ec.generate_private_key(ec.SECP256R1()) if self.fault == "swaps" else self.keys[arn]
        if action == "GetPublicKey":
            der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            return {"KeyId": arn, "KeyUsage": "SIGN_VERIFY", "PublicKey": base64.b64encode(der).decode()}
        message = base64.b64decode(body["Message"])
        assert len(message) <= 4096
        digest = Prehashed(hashes.SHA256()) if body["MessageType"] == "DIGEST" else hashes.SHA256()
        return {"KeyId": arn, "Signature": base64.b64encode(key.sign(message, ec.ECDSA(digest))).decode()}


@contextmanager
def kms_credentials() -> Iterator[None]:
    """Give this process credentials that are nobody's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "nobody")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")
        patch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
        yield


@contextmanager
def played_kms(kms: PlayedKms) -> Iterator[str]:
    """Serve it on this machine; give its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, value = kms.answer(self.headers["X-Amz-Target"].rpartition(".")[2], body)
            text = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", _JSON)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_arguments: object) -> None: ...

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_arguments: object) -> None:
            """A client that went away is no matter."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        with kms_credentials():
            yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
