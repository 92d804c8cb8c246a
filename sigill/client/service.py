"""The client of one Sigill service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self, TypedDict, Unpack

from sigill.client.answers import Decision, Verdict, read_decision, read_sealed, read_success, read_verdict
from sigill.client.errors import NotSealable, SettingsRefused, UnexpectedAnswer
from sigill.client.http import DEFAULT_TIMEOUT_S, Transport
from sigill.client.message import Message, Question, hash_message, message_body, question_body
from sigill.client.proof import TrustTooOld, check_sealed
from sigill.encoding.strict_json import format_canonical_json
from sigill.errors import MalformedEncoding, MalformedKey
from sigill.report.trust import MAX_TRUST_BYTES, Trust, parse_trust
from sigill.text.carrier import embed
from sigill.text.codes import format_code
from sigill.vocabulary import Channel


class Beside(TypedDict, total=False):
    """What to compare a message with: its text, where it came, and the hashes of its links and attachments."""

    content: str
    recipient: str | Mapping[str, str]
    links: Sequence[str]
    files: Sequence[str]
    language: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed message, proven: send `text` (with its code), keep `seal` and `receipt`, do what `decision` owes.

    `members` is the service's whole answer.
    """

    id: str
    text: str
    code: str
    link: str
    seal: str
    receipt: str
    decision: Decision
    origin: str
    index: int
    members: Mapping[str, Any]


class Client:
    """Signs, asks and verifies at one service. Threads may share a client.

    `base_url` is https, or http to this very machine. `trust` pins the guarantor's keys; without it the trust file is
    fetched once, and again when it turns out too old. `ca_file` names the authorities of a private TLS certificate.
    Raises SettingsRefused. Every call may raise ServiceUnavailable, UnexpectedAnswer, RequestRefused and NotSealable.
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        trust: Trust | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        ca_file: str | None = None,
    ) -> None:
        if api_key is not None and not (api_key.isascii() and api_key.isprintable() and api_key):
            raise SettingsRefused("The API key holds characters no key has. Copy the whole key again.")
        self._transport = Transport(base_url, timeout_s=timeout_s, ca_file=ca_file)
        self._api_key = api_key
        self._trust = trust
        self._pinned = trust is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections kept open."""
        self._transport.close()

    def sign(self, text: str, **fields: Unpack[Message]) -> Sealed:
        """Seal one message; only its hashes are sent, and the seal is checked before it is returned.

        Raises Refused and AnswerNotTrusted too.
        """
        message = hash_message(text, fields)
        body = message_body(message, fields)
        answer = read_sealed(self._post("/v1/messages", body, status=201))
        at = datetime.now(UTC)
        try:
            check_sealed(answer, message, body, trust=self.trust(), at=at)
        except TrustTooOld:
            if self._pinned:
                raise
            check_sealed(answer, message, body, trust=self.trust(fresh=True), at=at)
        return Sealed(
            id=answer.id,
            text=embed(text, answer.code, channel=Channel(fields["channel"])),
            code=format_code(answer.code),
            link=answer.link,
            seal=answer.seal,
            receipt=answer.receipt,
            decision=answer.decision,
            origin=answer.origin,
            index=answer.index,
            members=answer.members,
        )

    def decide(self, **fields: Unpack[Question]) -> Decision:
        """Ask what may be sent and what is owed; nothing is signed. A denial is an answer here, not an error."""
        return read_decision(self._post("/v1/decisions", question_body(fields), status=200))

    def verify(
        self,
        *,
        text: str | None = None,
        seal: str | None = None,
        code: str | None = None,
        link: str | None = None,
        **beside: Unpack[Beside],
    ) -> Verdict:
        """Ask the service about exactly one of text, seal, code and link. The text is sent, and not kept there.

        `links` and `files` are hashes in base64url. To check without telling anybody, use `sigill verify --trust`.
        """
        brought = {"text": text, "seal": seal, "code": code, "link": link}
        given = {name: value for name, value in brought.items() if value is not None}
        if len(given) != 1:
            raise TypeError(f"exactly one of text, seal, code and link is needed; this has {len(given)}")
        return read_verdict(self._post("/v1/verifications", given | beside, status=200, credential=False))

    def trust(self, *, fresh: bool = False) -> Trust:
        """Return the guarantor's keys and logs, fetched once or, if `fresh`, anew; a pinned trust stays as it is."""
        if self._trust is None or (fresh and not self._pinned):
            answer = self._transport.exchange(
                "GET",
                "/.well-known/sigill-trust.json",
                headers={"Accept": "application/json"},
                max_bytes=MAX_TRUST_BYTES,
            )
            read_success(answer, status=200)
            try:
                self._trust = parse_trust(answer.body)
            except MalformedKey as error:
                raise UnexpectedAnswer(f"The service's trust file cannot be used: {error}. Try again later.") from error
        return self._trust

    def _post(self, path: str, body: Any, *, status: int, credential: bool = True) -> Mapping[str, Any]:  # noqa: ANN401
        headers = {"Content-Type": "application/json", "Accept": "application/json, application/problem+json"}
        if credential and self._api_key is not None:
            headers["Authorization"] = f"Bearer {self._api_key}"
        try:
            data = format_canonical_json(body)
        except MalformedEncoding as error:
            raise NotSealable(f"The request cannot be sent: {error}. Change that and try again.") from error
        answer = self._transport.exchange("POST", path, body=data, headers=headers)
        return read_success(answer, status=status)
