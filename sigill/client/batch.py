"""Many messages in few requests: cut into chunks that depend on nothing but the messages, answered one by one."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Required

from sigill.client.answers import MAX_BATCH_ANSWER_BYTES, SealedAnswer, read_batch
from sigill.client.errors import ClientError, NotSealable, NotSent, ServiceUnavailable
from sigill.client.exchange import Call, Exchange, format_body
from sigill.client.message import HashedMessage, Message, hash_message, message_body
from sigill.client.retry import MAX_KEY, try_again
from sigill.client.sealed import Prover, Sealed

MAX_ITEMS: Final = 1000
MAX_BODY_BYTES: Final = 8 * 1024 * 1024 - 64  # the service's limit, without the brackets around the items
MAX_BATCH_KEY: Final = MAX_KEY - 20  # each chunk's key is the batch's and the number of the chunk's first message
_PATH: Final = "/v1/messages/batch"
_TIME_PER_ITEM_S: Final = 0.05

Outcome = Sealed | ClientError


class TextMessage(Message):
    """One message of a batch, with its text."""

    text: Required[str]


@dataclass(frozen=True, slots=True)
class Item:
    """A message ready to be sent: its request, and the same as bytes."""

    message: HashedMessage
    asked: dict[str, Any]
    data: bytes


def make_item(message: Mapping[str, Any]) -> Item:
    """Hash one message of a batch. Raises NotSealable; TypeError for unknown or missing members."""
    fields = {name: value for name, value in message.items() if name != "text"}
    text = message.get("text")
    if not isinstance(text, str):
        raise TypeError("a message of a batch has a text")
    hashed = hash_message(text, fields)
    asked = message_body(hashed, fields)
    return Item(hashed, asked, format_body(asked))


def chunks_of(
    messages: Iterable[Mapping[str, Any]], *, most: int = MAX_ITEMS, most_bytes: int = MAX_BODY_BYTES
) -> Iterator[tuple[int, list[Item | NotSealable]]]:
    """Yield the number of each chunk's first message and its items, in order; the messages are read as needed.

    The same messages make the same chunks, so that a batch that was cut short can be sent again under its key.
    """
    chunk: list[Item | NotSealable] = []
    first = size = 0
    for number, message in enumerate(messages):
        item = _try_item(message)
        item_size = 1 + len(item.data) if isinstance(item, Item) else 0
        if chunk and (len(chunk) >= most or size + item_size > most_bytes):
            yield first, chunk
            chunk, first, size = [], number, 0
        chunk.append(item)
        size += item_size
    if chunk:
        yield first, chunk


def sign_chunks(
    chunks: Iterable[tuple[int, list[Item | NotSealable]]],
    *,
    key: str,
    exchange: Exchange,
    prover: Callable[[], Prover],
) -> Iterator[Outcome]:
    """Yield one outcome for each message, in order. A chunk that fails as a whole ends the sending, not the answers."""
    failure: ClientError | None = None
    for first, chunk in chunks:
        if failure is None:
            outcomes, failure = _sign_chunk(chunk, key=f"{key}.{first}", exchange=exchange, prover=prover())
            yield from outcomes
        else:
            yield from (item if isinstance(item, NotSealable) else _not_sent(failure) for item in chunk)


def _sign_chunk(
    chunk: Sequence[Item | NotSealable], *, key: str, exchange: Exchange, prover: Prover
) -> tuple[list[Outcome], ClientError | None]:
    items = [item for item in chunk if isinstance(item, Item)]
    if not items:
        return [item for item in chunk if isinstance(item, NotSealable)], None
    failure: ClientError | None = None
    answers: Sequence[SealedAnswer | ClientError]
    try:
        answers = _ask(items, key=key, exchange=exchange)
    except ClientError as error:
        failure = error
        answers = [error] * len(items)
    outcomes = (_prove(item, answer, prover) for item, answer in zip(items, answers, strict=True))
    return [item if isinstance(item, NotSealable) else next(outcomes) for item in chunk], failure


class _Unfinished(ServiceUnavailable):
    """Some items found the service busy. `answers` is what there is so far."""

    def __init__(self, answers: Sequence[SealedAnswer | ClientError], *, retry_after: float | None) -> None:
        super().__init__("The service has not sealed all of them yet.", retry_after=retry_after)
        self.answers = answers


def _ask(items: Sequence[Item], *, key: str, exchange: Exchange) -> Sequence[SealedAnswer | ClientError]:
    """Return the service's answers. Where items were put off, all are sent again: the key seals none twice."""
    body = b'{"messages":[' + b",".join(item.data for item in items) + b"]}"

    call = Call(
        path=_PATH,
        body=body,
        key=key,
        more_time_s=_TIME_PER_ITEM_S * len(items),
        max_bytes=MAX_BATCH_ANSWER_BYTES,
    )

    def attempt() -> Sequence[SealedAnswer | ClientError]:
        members = exchange.once(call)
        answers = read_batch(members, count=len(items))
        put_off = [error for error in answers if isinstance(error, ServiceUnavailable) and error.may_pass]
        if put_off:
            raise _Unfinished(answers, retry_after=put_off[0].retry_after)
        return answers

    try:
        return try_again(attempt, patience=exchange.patience)
    except _Unfinished as unfinished:
        for answer in unfinished.answers:
            if isinstance(answer, ServiceUnavailable):
                answer.idempotency_key = key
        return unfinished.answers
    except ServiceUnavailable as error:
        error.idempotency_key = key
        raise


def _prove(item: Item, answer: SealedAnswer | ClientError, prover: Prover) -> Outcome:
    if isinstance(answer, ClientError):
        return answer
    try:
        return prover.prove(answer, item.message, item.asked)
    except ClientError as error:
        return error


def _try_item(message: Mapping[str, Any]) -> Item | NotSealable:
    try:
        return make_item(message)
    except NotSealable as error:
        return error


def _not_sent(failure: ClientError) -> NotSent:
    return NotSent(f"Not sent, because an earlier part of the batch failed. {failure}")
