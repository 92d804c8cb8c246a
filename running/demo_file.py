"""`demo.json`: where the demonstration runs, the made-up operators' API keys, and the logs' public keys.

    {"base_url":"http://127.0.0.1:8000","operators":[{"id","name","industry","api_key"}],"auditor":{"api_key"},
     "logs":[{"origin","vkey","url"}]}

It holds secrets, so its mode is 600, and it is replaced whole: a reader finds the old one or the new one.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sigill.encoding.strict_json import parse_json
from sigill.errors import MalformedEncoding

_MAX_BYTES: Final = 1_048_576


@dataclass(frozen=True, slots=True)
class DemoKeys:
    """The API keys in clear: one signer's key by operator id, and the auditor's."""

    signers: Mapping[str, str]
    auditor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoFile:
    """All that the file says. Operators are (id, name, industry), logs (origin, vkey, url)."""

    base_url: str
    operators: tuple[tuple[str, str, str], ...]
    keys: DemoKeys
    logs: tuple[tuple[str, str, str], ...]


def format_demo_file(content: DemoFile) -> bytes:
    """Return the file's bytes."""
    value: dict[str, Any] = {
        "base_url": content.base_url,
        "operators": [
            {"id": operator_id, "name": name, "industry": industry, "api_key": content.keys.signers[operator_id]}
            for operator_id, name, industry in content.operators
        ],
        "auditor": {"api_key": content.keys.auditor},
        "logs": [{"origin": origin, "vkey": vkey, "url": url} for origin, vkey, url in content.logs],
    }
    return json.dumps(value, indent=1, ensure_ascii=False).encode() + b"\n"


def read_demo_keys(path: Path) -> DemoKeys | None:
    """Return the keys of the file, or None where there is no file or it is not one of ours."""
    try:
        value = parse_json(path.read_bytes(), max_bytes=_MAX_BYTES)
        keys = DemoKeys({item["id"]: item["api_key"] for item in value["operators"]}, value["auditor"]["api_key"])
    except (FileNotFoundError, MalformedEncoding, KeyError, TypeError):
        return None
    texts = [keys.auditor, *keys.signers, *keys.signers.values()]
    return keys if all(isinstance(text, str) for text in texts) else None


def write_demo_keys(folder: Path, keys: DemoKeys) -> None:
    """Write each key to a file of its own, `<operator>.key` and `auditor.key`, for `sigill sign --api-key-file`."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for name, key in [*keys.signers.items(), ("auditor", keys.auditor)]:
        replace_file(folder / f"{name}.key", key.encode() + b"\n")


def replace_file(path: Path, data: bytes) -> None:
    """Write a file of mode 600 whole and synced in the place of what was there."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
