"""What a client would rather have (RFC 7240): `Prefer: return=minimal` leaves out what it does not need to send."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from flask import Response, request

HEADER: Final = "Prefer"
APPLIED: Final = "Preference-Applied"
MINIMAL: Final = "return=minimal"
PARAMETER: Final[dict[str, Any]] = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": f"`{MINIMAL}` answers with `owed` in place of the whole `decision`: a third of the length",
    "schema": {"type": "string"},
}


def wants_minimal() -> bool:
    """Tell whether the request prefers a short answer. Of a preference given twice, the first counts (section 2)."""
    for name, value in _preferences(",".join(request.headers.getlist(HEADER))):
        if name == "return":
            return value == "minimal"
    return False


def mark_minimal(response: Response) -> None:
    """Say in an answer that it is short because that was preferred (section 3)."""
    response.headers[APPLIED] = MINIMAL


def owed_parts(decision: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a sender acts on, of a decision as the API shows it: verdict, obligations with deadlines, texts."""
    obligations = [
        {name: item[name] for name in ("id", "deadline_minutes", "minutes_left")} for item in decision["obligations"]
    ]
    return {"verdict": decision["verdict"], "obligations": obligations, "texts": decision["texts"]}


def _preferences(header: str) -> Iterator[tuple[str, str]]:
    for preference in header.split(","):
        name, _, value = preference.partition(";")[0].partition("=")
        yield name.strip().lower(), value.strip().strip('"').lower()
