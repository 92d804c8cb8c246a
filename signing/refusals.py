"""A refusal is logged like a seal: a `deny` leaf whose record holds facts and decision, and a salt of its own.

{"decision":{…},"facts":{…},"id":"<ULID>","salt":"…","t":"deny","v":1}
"""

import json
from typing import Any, Final

from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import format_canonical_json
from signing.errors import Refused
from signing.kinds import Kind

SALT_BYTES: Final = 16


def format_refusal(refusal_id: str, kind: Kind, *, salt: bytes) -> bytes:
    """Return the record of a refusal: what the leaf holds the SHA-256 of."""
    return format_canonical_json(
        {
            "v": 1,
            "t": "deny",
            "id": refusal_id,
            "salt": format_base64url(salt),
            "facts": kind.facts_json,
            "decision": kind.decision_json,
        }
    )


def refused_by(record: bytes, *, origin: str, index: int, repeated: bool = False) -> Refused:
    """Return the refusal that a record tells of."""
    value: dict[str, Any] = json.loads(record)
    return Refused(refusal_id=value["id"], decision=value["decision"], origin=origin, index=index, repeated=repeated)
