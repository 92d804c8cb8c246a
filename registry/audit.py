"""The audit trail of who was not let in: one JSON object a line, on the logger `sigill.audit`, never a secret.

    {"event":"token_refused","client":"cl-…","error":"invalid_client","reason":"wrong_audience"}
    {"event":"call_refused","credential":"cl-…","problem":"scope-missing","route":"POST /v1/messages"}
    {"event":"sign_in_refused","person":"pe-…","reason":"sign_count"}

What came from outside is told only where it has the form of a name of ours; the log's own stamp says when.
"""

import json
import logging
import re
from typing import Final

_LOGGER: Final = logging.getLogger("sigill.audit")
_NAME: Final = re.compile(r"(?:(?:cl|pe)-[0-9a-z]{20}|[0-9a-z]{8})\Z")


def tell_refusal(event: str, **members: str | None) -> None:
    """Write one line. Members that are None are left out; `client`, `credential`, `person` only if like ours."""
    told = {"event": event, **{name: value for name, value in sorted(members.items()) if value is not None}}
    for name in ("client", "credential", "person"):
        if name in told and not _NAME.match(told[name]):
            told[name] = "-"
    _LOGGER.warning("%s", json.dumps(told, separators=(",", ":")))
