"""Reading messages quickly.

The schema says what is right and what is wrong. What messages of one kind declare is the same thousands of times, so
a declaration that the schema accepted is remembered by its exact spelling; a message of plain texts beside it is then
read without asking the schema again. A test holds the short way to the long one.
"""

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Any, Final

from signing.request import Declared, Digest, SignRequest

MAX_REMEMBERED: Final = 4096
_MAX_SPELLING: Final = 2048


class Declarations:
    """Declarations that were accepted, by their spelling; any number of threads.

    `texts` are the members that are plain texts and no part of a declaration, with the most characters of each.
    """

    def __init__(self, texts: Mapping[str, int]) -> None:
        self._texts = texts
        self._accepted: OrderedDict[str, Declared] = OrderedDict()
        self._lock = Lock()

    def read(self, value: object) -> SignRequest | None:
        """Return the request of a message whose declaration is remembered, None where the schema must be asked."""
        if not isinstance(value, dict):
            return None
        declared = self._accepted.get(self._spelling(value))
        if declared is None:
            return None
        for name, longest in self._texts.items():
            text = value.get(name, ".")
            if not isinstance(text, str) or not 0 < len(text) <= longest:
                return None
        return SignRequest(
            declared=declared,
            text=value.get("text"),
            conversation=value.get("conversation"),
            recipient=value.get("recipient"),
            agent=value.get("agent"),
        )

    def remember(self, value: object, request: SignRequest) -> None:
        """Remember an accepted message's declaration, if nothing but plain texts came with it."""
        others = (
            request.html,
            request.digest,
            request.files or None,
            request.sent_at,
            request.edits,
            request.attestation,
        )
        if not isinstance(value, dict) or any(other is not None for other in others):
            return
        spelling = self._spelling(value)
        if len(spelling) > _MAX_SPELLING:
            return
        with self._lock:
            self._accepted[spelling] = request.declared
            while len(self._accepted) > MAX_REMEMBERED:
                self._accepted.popitem(last=False)

    def _spelling(self, value: Mapping[str, Any]) -> str:
        return repr({name: member for name, member in value.items() if name not in self._texts})


def sign_request(body: Mapping[str, Any]) -> SignRequest:
    """Return the frozen request of a loaded body."""
    digest = body.get("digest")
    ai = body.get("ai")
    declared = Declared(
        authorship=body["authorship"],
        channel=body["channel"],
        enquiry=body["enquiry"],
        purpose=body["purpose"],
        direction=body.get("direction"),
        language=body.get("language"),
        jurisdiction=body["customer"].get("jurisdiction"),
        vulnerable=body["customer"].get("vulnerable", False),
        scope=tuple(word.value for word in body["scope"]),
        disclosure=body.get("disclosure"),
        ai_system=None if ai is None else ai["system"],
        draft=body.get("draft"),
        role=body["role"],
    )
    return SignRequest(
        declared=declared,
        text=body.get("text"),
        html=body.get("html"),
        digest=None
        if digest is None
        else Digest(h=digest["h"], hx=digest["hx"], n=digest["n"], links=tuple(digest["links"])),
        files=tuple(item["h"] for item in body.get("attachments", [])),
        conversation=body.get("conversation"),
        recipient=body.get("recipient"),
        agent=body.get("agent"),
        sent_at=body.get("sent_at"),
        edits=body.get("edits"),
        attestation=body.get("attestation"),
    )
