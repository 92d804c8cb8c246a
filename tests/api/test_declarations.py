"""The short way of reading a message says exactly what its schema says, of any body, however it was reached."""

import copy
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from api import declarations
from api.declarations import Declarations
from api.schemas.messages import MAX_TEXT, MessageSchema, QuestionSchema
from sigill.policy.words import Scope
from sigill.vocabulary import Authorship, Channel, Direction, DisclosureMode, Draft, Enquiry, Language, Purpose, Role
from signing.request import SignRequest

TEXTS = {"text": MAX_TEXT, "conversation": 128, "recipient": 320, "agent": 128}
PLAIN: dict[str, Any] = {"authorship": "human", "channel": "chat", "enquiry": "informational", "text": "Hej"}


def fresh() -> MessageSchema:
    """Return a schema that remembers nothing yet."""
    schema = MessageSchema()
    schema._declarations = Declarations(TEXTS)
    return schema


class LongWay(MessageSchema):
    """The schema without its memory."""

    def load(self, data: Any, **options: Any) -> SignRequest:
        return QuestionSchema.load(self, data, **options)


LONG_WAY = LongWay()


def outcome(schema: MessageSchema, body: object) -> object:
    try:
        return schema.load(body)
    except ValidationError as error:
        return error.messages


def words(kind: Any) -> st.SearchStrategy[object]:
    return st.sampled_from([each.value for each in kind])


valid = st.fixed_dictionaries(
    {"authorship": words(Authorship), "channel": words(Channel), "enquiry": words(Enquiry)},
    optional={
        "purpose": words(Purpose),
        "direction": words(Direction),
        "language": words(Language),
        "scope": st.lists(words(Scope), max_size=2),
        "disclosure": words(DisclosureMode),
        "draft": words(Draft),
        "role": words(Role),
        "ai": st.just({"system": "saga"}),
        "customer": st.sampled_from([{}, {"jurisdiction": "SE"}, {"vulnerable": True}, {"vulnerable": False}]),
        "text": st.text(min_size=1, max_size=9),
        "html": st.just("<p>x</p>"),
        "conversation": st.text(min_size=1, max_size=9),
        "recipient": st.sampled_from(["+46701740605", "", "a@example.se", {"reference": "7"}]),
        "agent": st.text(min_size=1, max_size=9),
        "attachments": st.sampled_from([[], [{"h": "A" * 43}], [{"name": "a", "h": "A" * 43}]]),
        "digest": st.just({"canon": "nu1", "h": "A" * 43, "hx": "A" * 43, "n": 3}),
        "sent_at": st.sampled_from(["2026-11-22T14:02:00Z", "2026-11-22T14:02:00+01:00"]),
        "edits": st.just("01JD8Z6Q2V4T7M9K3C5B1A0XYZ"),
    },
)
odd_values: list[object] = [None, True, False, 0, 1, 1.0, -1, "", " ", "human", "x" * 129, "x" * 321, [], {}, [None]]
odd_members: list[object] = [{"system": 1}, {"vulnerable": 1}, {"vulnerable": 1.0}, {"jurisdiction": None}]
odd_words: list[object] = [{"system": "saga", "x": 1}, "AI", "Human", "ai ", "chat"]
odd = st.sampled_from([*odd_values, *odd_members, *odd_words])
names = st.sampled_from([*MessageSchema().fields, "extra", "Text", "", "text "])


@st.composite
def bodies(draw: st.DrawFn) -> tuple[object, list[object]]:
    """Draw a valid body, and bodies that differ from it a little."""
    start = draw(valid)
    variants: list[object] = []
    for _ in range(draw(st.integers(1, 4))):
        body = copy.deepcopy(start)
        for _ in range(draw(st.integers(0, 3))):
            name = draw(names)
            match draw(st.sampled_from(["set", "drop", "move"])):
                case "set":
                    body[name] = draw(odd)
                case "drop":
                    body.pop(name, None)
                case _ if body:
                    first = next(iter(body))
                    body[first] = body.pop(first)
        variants.append(body)
    return start, variants


@settings(max_examples=250, deadline=None)
@given(bodies())
def test_the_short_way_is_the_long_way(drawn: tuple[object, list[object]]) -> None:
    start, variants = drawn
    schema = fresh()
    for body in (start, *variants, start, *variants):
        assert outcome(schema, body) == outcome(LONG_WAY, body)


@pytest.mark.parametrize("body", [None, 7, "x", [], [PLAIN], True])
def test_what_is_no_object_is_left_to_the_schema(body: object) -> None:
    schema = fresh()
    schema.load(PLAIN)
    assert schema._declarations.read(body) is None
    assert outcome(schema, body) == outcome(LONG_WAY, body)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("value", [None, 7, "", "longest", "too long", {"reference": "7"}, ["x"]])
def test_a_text_beside_a_remembered_declaration_is_still_looked_at(name: str, value: object) -> None:
    if value in ("longest", "too long"):
        value = "x" * (TEXTS[name] + (value == "too long"))
    schema = fresh()
    schema.load(PLAIN)
    body = PLAIN | {name: value}
    assert outcome(schema, body) == outcome(LONG_WAY, body)


def test_a_declaration_is_remembered_only_once_it_was_accepted() -> None:
    memory = Declarations(TEXTS)
    assert memory.read(PLAIN) is None
    schema = fresh()
    with pytest.raises(ValidationError):
        schema.load(PLAIN | {"channel": "pigeon"})
    assert not schema._declarations._accepted
    accepted = schema.load(PLAIN)
    assert schema._declarations.read(PLAIN) == accepted
    other = schema._declarations.read(PLAIN | {"text": "Annat", "agent": "7", "conversation": "c"})
    assert other is not None
    assert (other.text, other.agent, other.conversation) == ("Annat", "7", "c")
    assert other.declared is accepted.declared


@pytest.mark.parametrize(
    "more",
    [
        {"html": "<p>x</p>"},
        {"digest": {"canon": "nu1", "h": "A" * 43, "hx": "A" * 43, "n": 3}},
        {"attachments": [{"h": "A" * 43}]},
        {"sent_at": "2026-11-22T14:02:00Z"},
        {"edits": "01JD8Z6Q2V4T7M9K3C5B1A0XYZ"},
        {"scope": ["informational"] * 0, "customer": {"jurisdiction": "SE"}, "language": "sv", "x" * 3000: 1},
    ],
)
def test_nothing_is_remembered_of_what_is_no_declaration(more: dict[str, Any]) -> None:
    memory = Declarations(TEXTS)
    request = LONG_WAY.load(PLAIN | {name: value for name, value in more.items() if len(name) < 100})
    memory.remember(PLAIN | more, request)
    memory.remember([], request)
    assert not memory._accepted


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(declarations, "MAX_REMEMBERED", 3)
    schema = fresh()
    for channel in Channel:
        schema.load(PLAIN | {"channel": channel.value})
    assert len(schema._declarations._accepted) == 3
    assert schema._declarations.read(PLAIN | {"channel": list(Channel)[-1].value}) is not None
    assert schema._declarations.read(PLAIN | {"channel": next(iter(Channel)).value}) is None


def test_any_number_of_threads_may_read_and_remember(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(declarations, "MAX_REMEMBERED", 4)
    schema = fresh()
    faults: list[object] = []

    def work() -> None:
        for channel in [*Channel] * 20:
            body = PLAIN | {"channel": channel.value}
            if outcome(schema, body) != outcome(LONG_WAY, body):
                faults.append(body)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
