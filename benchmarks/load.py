"""Load: wrk sends distinct bodies over kept-alive connections and tells how it went."""

import json
import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent
_TIMEOUT_S: Final = 60


class WrkMissing(Exception):
    """wrk is not installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is sent: one message a request, or a batch; over so many connections, for so long."""

    name: str
    batch: int | None = None
    connections: int
    seconds: int
    conversations: int

    @property
    def messages(self) -> int:
        """Messages in one request."""
        return self.batch or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What wrk counted. Latencies are None where no request ended in time."""

    requests: int
    duration_s: float
    p50_ms: float | None
    p99_ms: float | None
    bad_status: int
    broken: int
    timeouts: int


def body_template(load: Load) -> str:
    """Return the body with @N@ and @C@ where `post.lua` puts numbers."""
    message = (_HERE / "message.json").read_text("utf-8").strip()
    if load.batch is None:
        return message
    return '{"messages": [' + ", ".join([message] * load.batch) + "]}"


def one_body(load: Load) -> bytes:
    """Return one body of the load, never sent before."""
    nonce = secrets.token_hex(6)
    return body_template(load).replace("@N@", nonce).replace("@C@", f"probe-{nonce}").encode()


def run_wrk(url: str, load: Load, *, api_key: str, folder: Path) -> Outcome:
    """Send the load; return what was counted. Raises WrkMissing, subprocess.CalledProcessError."""
    template = folder / f"{load.name}.template"
    template.write_text(body_template(load), "utf-8")
    command = ["wrk", "-t1", f"-c{load.connections}", f"-d{load.seconds}s", f"--timeout={_TIMEOUT_S}s"]
    command += ["-H", f"Authorization: Bearer {api_key}", "-H", "Content-Type: application/json"]
    command += ["-s", str(_HERE / "post.lua"), url]
    command += ["--", str(template), secrets.token_hex(6), str(load.conversations)]
    try:
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 (Debian's wrk)
    except FileNotFoundError:
        raise WrkMissing(
            "wrk is needed: sh requirements/install-debian.sh (as root), or your system's package"
        ) from None
    return read_outcome(said)


def read_outcome(said: str) -> Outcome:
    """Return the outcome from what wrk printed: its own text, then the line of `post.lua`."""
    found = json.loads(said.strip().splitlines()[-1])
    ended = found["requests"] > 0
    return Outcome(
        requests=found["requests"],
        duration_s=found["duration_us"] / 1e6,
        p50_ms=found["p50_us"] / 1e3 if ended else None,
        p99_ms=found["p99_us"] / 1e3 if ended else None,
        bad_status=found["bad_status"],
        broken=found["broken"],
        timeouts=found["timeouts"],
    )
