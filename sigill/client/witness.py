"""Asking a witness to cosign a checkpoint, and what it cosigned last (https://c2sp.org/tlog-witness).

Each question is one HTTP exchange, bounded in bytes and time; nothing is tried again here. Threads may ask at once.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

from sigill.client.errors import AnswerNotTrusted, ServiceUnavailable, UnexpectedAnswer
from sigill.client.http import DEFAULT_TIMEOUT_S, HttpAnswer, Transport
from sigill.errors import MalformedNote, SignatureInvalid
from sigill.tlog.checkpoint import Checkpoint, parse_decimal, verify_checkpoint
from sigill.tlog.cosignature import WitnessKey, verify_cosignatures
from sigill.tlog.note import NoteSignature, SignedNote, VerifierKey, parse_note, parse_signatures
from sigill.tlog.witness_wire import SIZE_TYPE, AddCheckpoint, format_add_checkpoint, origin_hash

MAX_ANSWER_BYTES: Final = 256 * 1024
_MAX_REASON_CHARACTERS: Final = 200
_OK: Final = 200
_NOT_FOUND: Final = 404
_CONFLICT: Final = 409
_LATER: Final = frozenset([408, 425, 429])
_REFUSED: Final = range(400, 500)
_BROKEN: Final = range(500, 600)


@dataclass(frozen=True, slots=True)
class Cosigned:
    """The witness cosigned: its one signature line, verified, and the time in it (POSIX seconds)."""

    signature: NoteSignature
    time_s: int


@dataclass(frozen=True, slots=True)
class Behind:
    """The request began at another size than the witness last cosigned: `size`, as it says. It proves nothing.

    Ask again from there; where `size` is beyond the log's own, `read_witness` shows what the witness has seen.
    """

    size: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The witness does not cosign: 400, 403, 404, 422 or another 4xx, and its reason, at most 200 characters."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class SeenCheckpoint:
    """What a witness last cosigned: the whole note, signed by the log and the witness; both were verified."""

    note: str
    checkpoint: Checkpoint
    time_s: int


WitnessAnswer: TypeAlias = Cosigned | Behind | Refused


def ask_witness(
    url: str, request: AddCheckpoint, *, key: WitnessKey, timeout_s: float = DEFAULT_TIMEOUT_S
) -> WitnessAnswer:
    """Submit a checkpoint to the witness at `url` (its submission prefix) and return its answer.

    A cosignature is by `key` over exactly this checkpoint. Raises SettingsRefused for an address that is none,
    ServiceUnavailable where no answer comes in time or the witness is in trouble, UnexpectedAnswer for one that is no
    witness's, AnswerNotTrusted for one without a cosignature by `key` that verifies; MalformedNote for a request
    whose checkpoint is no note.
    """
    body = request.note.text
    answer = _exchange(url, "POST", "/add-checkpoint", format_add_checkpoint(request).encode(), timeout_s)
    if answer.status == _OK:
        return _cosigned(url, answer, body=body, key=key)
    if answer.status == _CONFLICT:
        return Behind(_size(url, answer))
    if answer.status in _REFUSED:
        return Refused(answer.status, _reason(answer))
    raise _unexpected(url)


def read_witness(
    url: str,
    origin: str,
    *,
    key: WitnessKey,
    log_keys: tuple[VerifierKey, ...],
    timeout_s: float = DEFAULT_TIMEOUT_S,
) -> SeenCheckpoint | None:
    """Return what the witness at `url` (its monitoring prefix) last cosigned of a log; None if nothing.

    It proves what the log signed: that log, not the witness, must answer for it. Raises as `ask_witness` does.
    """
    answer = _exchange(url, "GET", f"/{origin_hash(origin)}/checkpoint", None, timeout_s)
    if answer.status == _NOT_FOUND:
        return None
    if answer.status != _OK:
        raise _unexpected(url)
    text = _text(url, answer)
    try:
        checkpoint = verify_checkpoint(text, origin=origin, keys=log_keys)
        cosignatures = verify_cosignatures(parse_note(text), keys=[key])
    except MalformedNote:
        raise _unexpected(url) from None
    except SignatureInvalid as error:
        raise _not_trusted(url, str(error)) from None
    if not cosignatures:
        raise _not_trusted(url, "no cosignature under its key")
    return SeenCheckpoint(text, checkpoint, cosignatures[0].time_s)


def _exchange(url: str, method: str, path: str, body: bytes | None, timeout_s: float) -> HttpAnswer:
    transport = Transport(url, timeout_s=timeout_s)
    headers = {"Accept": "text/plain"} if body is None else {"Content-Type": "text/plain; charset=utf-8"}
    try:
        answer = transport.exchange(method, path, body=body, headers=headers, max_bytes=MAX_ANSWER_BYTES)
    except ServiceUnavailable as error:
        cause = f" ({type(error.__cause__).__name__})" if error.__cause__ is not None else ""
        raise ServiceUnavailable(
            f"The witness at {transport.base_url} gives no answer in time{cause}. Ask it again later.",
            may_pass=error.may_pass,
        ) from error
    finally:
        transport.close()
    if answer.status in _BROKEN or answer.status in _LATER:
        raise ServiceUnavailable(
            f"The witness at {transport.base_url} is in trouble or busy (HTTP {answer.status}). Ask it again later.",
            retry_after=answer.retry_after,
        )
    return answer


def _cosigned(url: str, answer: HttpAnswer, *, body: str, key: WitnessKey) -> Cosigned:
    try:
        lines = parse_signatures(_text(url, answer))
    except MalformedNote:
        raise _unexpected(url) from None
    for line in lines:
        if (line.name, line.key_id) == (key.name, key.key_id):
            try:
                found = verify_cosignatures(SignedNote(body, (line,)), keys=[key])
            except SignatureInvalid as error:
                raise _not_trusted(url, str(error)) from None
            return Cosigned(line, found[0].time_s)
    raise _not_trusted(url, "no cosignature under its key")


def _size(url: str, answer: HttpAnswer) -> int:
    text = _text(url, answer)
    if answer.content_type != SIZE_TYPE or not text.endswith("\n"):
        raise _unexpected(url)
    try:
        return parse_decimal(text[:-1])
    except MalformedNote:
        raise _unexpected(url) from None


def _reason(answer: HttpAnswer) -> str:
    text = answer.body[: 4 * _MAX_REASON_CHARACTERS].decode("utf-8", "replace")
    return "".join(character if character.isprintable() else " " for character in text)[:_MAX_REASON_CHARACTERS].strip()


def _text(url: str, answer: HttpAnswer) -> str:
    try:
        return answer.body.decode("utf-8")
    except UnicodeDecodeError:
        raise _unexpected(url) from None


def _not_trusted(url: str, why: str) -> AnswerNotTrusted:
    return AnswerNotTrusted(
        f"The answer of the witness at {url} does not hold: {why}. Check that its key is the one in the log policy."
    )


def _unexpected(url: str) -> UnexpectedAnswer:
    return UnexpectedAnswer(f"What answers at {url} is no witness. Check its address.")
