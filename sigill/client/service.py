"""The client of one Sigill service."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Self, TypedDict, Unpack
from urllib.parse import quote

from sigill.client.access_tokens import choose_bearer, fetch_issuer
from sigill.client.answers import Decision, Verdict, read_decision, read_sealed, read_verdict, text_of
from sigill.client.batch import MAX_BATCH_KEY, Outcome, TextMessage, chunks_of, sign_chunks
from sigill.client.conversations import (
    Conversation,
    Recorded,
    Withdrawn,
    check_conversation,
    check_recorded,
    check_withdrawn,
    event_path,
    find_conversation,
    read_conversation,
)
from sigill.client.credentials import NOBODY, ClientIdentity
from sigill.client.errors import ServiceUnavailable, UnexpectedAnswer
from sigill.client.exchange import Call, Exchange, format_body
from sigill.client.http import DEFAULT_TIMEOUT_S, Transport
from sigill.client.message import Message, Question, hash_message, message_body, question_body
from sigill.client.receipts import check_receipt, fetch_receipt
from sigill.client.retry import PATIENCE, Patience, check_key, new_key
from sigill.client.sealed import Prover, Sealed
from sigill.client.status import fetch_status_list
from sigill.client.streamed import StreamedMessage
from sigill.errors import MalformedKey
from sigill.keys.client_statements import ProvenKey
from sigill.report.logged import Logged
from sigill.report.trust import MAX_TRUST_BYTES, Trust, parse_trust
from sigill.seal.claims import StatusClaim
from sigill.seal.token import ParsedSeal
from sigill.status.token import ParsedStatusList
from sigill.tlog.log_policy import LogPolicy


class Beside(TypedDict, total=False):
    """What to compare a message with: its text, where it came, and the hashes of its links and attachments."""

    content: str
    recipient: str | Mapping[str, str]
    links: Sequence[str]
    files: Sequence[str]
    language: str


class Client:
    """Signs, asks and verifies at one service. Threads may share a client.

    `base_url` is https, or http to this very machine. Whoever signs shows an `api_key`, or is a client with a private
    key (`identity`), for which access tokens are got, kept and renewed. `trust` pins the guarantor's keys; without it
    the trust file is fetched once, and again when it turns out too old. `ca_file` names the authorities of a private
    TLS certificate.

    What may pass (no connection, a busy service) is tried again, by default for half a minute: see `Patience`.

    Whatever makes something carries an idempotency key: a random one for each call, or yours, for calls that you
    repeat yourself. Within a day the same key and request give the same answer, and nothing is made twice.

    Raises SettingsRefused. Every call may raise ServiceUnavailable, UnexpectedAnswer, RequestRefused and NotSealable.
    """

    def __init__(  # noqa: PLR0913 - each says something of its own
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        identity: ClientIdentity | None = None,
        trust: Trust | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        patience: Patience = PATIENCE,
        ca_file: str | None = None,
    ) -> None:
        self._transport = transport = Transport(base_url, timeout_s=timeout_s, ca_file=ca_file)
        bearer = choose_bearer(
            transport, api_key=api_key, identity=identity, issuer=None if trust is None else trust.issuer
        )
        self._exchange = Exchange(transport, bearer=bearer, patience=patience)
        self._public = Exchange(transport, bearer=NOBODY, patience=patience)
        self._trust = trust
        self._pinned = trust is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections kept open."""
        self._exchange.close()

    def sign(self, text: str, *, idempotency_key: str | None = None, **fields: Unpack[Message]) -> Sealed:
        """Seal one message; only its hashes are sent, and the seal is checked before it is returned.

        Raises Refused and AnswerNotTrusted too.
        """
        key = _key(idempotency_key)
        message = hash_message(text, fields)
        asked = message_body(message, fields)
        call = Call(path="/v1/messages", body=format_body(asked), status=201, key=key)
        answer = read_sealed(self._exchange.send(call))
        try:
            return self._prover().prove(answer, message, asked)
        except ServiceUnavailable as error:  # it is sealed, and its proof could not be checked
            error.idempotency_key = key
            raise

    def sign_batch(self, messages: Sequence[TextMessage], *, idempotency_key: str | None = None) -> list[Outcome]:
        """Seal many messages: one outcome for each, in order, a sealed message or the error that `sign` would raise.

        They are sent a thousand at a time, one request after the other; those of one conversation keep their order.
        Where a request fails as a whole, the messages after it are NotSent: call again with the same messages and
        key, and what was sealed is answered again. Raises TypeError for a message with unknown or missing members.
        """
        return list(self.sign_many(messages, idempotency_key=idempotency_key))

    def sign_many(self, messages: Iterable[TextMessage], *, idempotency_key: str | None = None) -> Iterator[Outcome]:
        """Yield what `sign_batch` returns, reading the messages as they are sent: for more than memory should hold."""
        key = _key(idempotency_key, longest=MAX_BATCH_KEY)
        self.trust()  # what could not be checked is better not sealed
        return sign_chunks(chunks_of(messages), key=key, exchange=self._exchange, prover=self._prover)

    def stream(self, *, idempotency_key: str | None = None, **fields: Unpack[Message]) -> StreamedMessage:
        """Return a message to `write` while it is shown, sealed when its `with` block ends.

        `with client.stream(authorship="ai", …) as message: show(message.write(token))`, then `message.sealed`.
        """
        key = _key(idempotency_key)
        return StreamedMessage(lambda text: self.sign(text, idempotency_key=key, **fields))

    def withdraw(
        self, message_id: str, reason: str, *, note: str | None = None, idempotency_key: str | None = None
    ) -> Withdrawn:
        """Withdraw a sealed message: whoever checks it learns that you no longer stand by it. There is no way back.

        `reason` is a `WithdrawalReason`; `note` one line for auditors, without personal data. Raises AnswerNotTrusted.
        """
        asked = {"reason": str(reason)} | ({} if note is None else {"note": note})
        call = Call(
            method="DELETE",
            path=f"/v1/messages/{quote(message_id, safe='')}",
            body=format_body(asked),
            key=_key(idempotency_key),
        )
        members = self._exchange.send(call)
        return self._prover().check(lambda trust: check_withdrawn(members, message=message_id, trust=trust))

    def record_event(
        self,
        conversation: str,
        kind: str,
        *,
        at: datetime | None = None,
        idempotency_key: str | None = None,
        **told: str,
    ) -> Recorded:
        """Record what happened in a conversation besides its messages; `kind` is an `EventKind`.

        `told` are the members of that kind, an underscore behind what Python keeps for itself:
        `record_event(id, "handoff", from_="ai", to="human", why="asked")`. Raises AnswerNotTrusted.
        """
        asked = {"kind": str(kind)} | {name.rstrip("_"): str(value) for name, value in told.items()}
        if at is not None:
            asked["at"] = at.isoformat()
        call = Call(path=event_path(conversation), body=format_body(asked), status=201, key=_key(idempotency_key))
        members = self._exchange.send(call)
        return self._prover().check(
            lambda trust: check_recorded(members, conversation=conversation, asked=asked, trust=trust)
        )

    def conversation(self, conversation: str) -> Conversation:
        """Return a whole conversation, all pages of it, its chain checked. Raises AnswerNotTrusted."""
        state, entries = read_conversation(conversation, exchange=self._exchange)
        return self._prover().check(lambda trust: check_conversation(conversation, state, entries, trust=trust))

    def find_conversation(self, reference: str) -> str:
        """Return the id of the conversation that you gave this reference."""
        return find_conversation(reference, exchange=self._exchange)

    def decide(self, **fields: Unpack[Question]) -> Decision:
        """Ask what may be sent and what is owed; nothing is signed. A denial is an answer here, not an error."""
        body = format_body(question_body(fields))
        return read_decision(self._exchange.send(Call(path="/v1/decisions", body=body)))

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
        body = format_body(given | beside)
        return read_verdict(self._public.send(Call(path="/v1/verifications", body=body)))

    def issuer(self) -> str:
        """Return who the service says it is: what client assertions and proofs are made for."""
        return fetch_issuer(self._transport)

    def register_client(self, key: ProvenKey, *, name: str, role: str, ai_system: str | None = None) -> str:
        """Register a client with its first key, as an administrator of its operator; return its id."""
        asked = {"name": name, "role": role, "key": key.members} | ({"ai": {"system": ai_system}} if ai_system else {})
        return text_of(self._exchange.send(Call(path="/v1/clients", body=format_body(asked), status=201)), "client_id")

    def register_key(self, client_id: str, key: ProvenKey) -> str:
        """Register one more key of a client, as an administrator of its operator; return the key's thumbprint."""
        path = f"/v1/clients/{quote(client_id, safe='')}/keys"
        return text_of(self._exchange.send(Call(path=path, body=format_body(key.members), status=201)), "thumbprint")

    def status_list(self, claim: StatusClaim) -> ParsedStatusList:
        """Return the status list that a seal's claim names, for work offline: well-formed, and not yet judged."""
        return fetch_status_list(claim, exchange=self._public)

    def receipt(self, seal: ParsedSeal, *, policy: LogPolicy | None = None) -> tuple[str, Logged]:
        """Return a seal's receipt, to keep beside it, and what it proves; `policy`: the witnesses you trust.

        Once witnesses have cosigned, the same receipt is answered for good. Raises AnswerNotTrusted.
        """
        receipt = fetch_receipt(seal, exchange=self._public)
        return receipt, self._prover().check(lambda trust: check_receipt(seal, receipt, trust=trust, policy=policy))

    def trust(self, *, fresh: bool = False) -> Trust:
        """Return the guarantor's keys and logs, fetched once or, if `fresh`, anew; a pinned trust stays as it is."""
        if self._trust is None or (fresh and not self._pinned):
            answer = self._public.fetch("/.well-known/sigill-trust.json", max_bytes=MAX_TRUST_BYTES)
            try:
                self._trust = parse_trust(answer.body)
            except MalformedKey as error:
                raise UnexpectedAnswer(f"The service's trust file cannot be used: {error}. Try again later.") from error
        return self._trust

    def _prover(self) -> Prover:
        return Prover(self.trust, may_renew=not self._pinned)


def _key(given: str | None, **limit: int) -> str:
    return new_key() if given is None else check_key(given, **limit)
