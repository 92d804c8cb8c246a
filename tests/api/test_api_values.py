"""Fields that take exactly what JSON says, and the caller of a view."""

from dataclasses import replace
from typing import Any

import pytest
from flask import g
from marshmallow import ValidationError

from api.auth import calling_operator
from api.fields import Fault, Hash, JsonInteger, StrictBoolean, Word
from api.shapes import describe_source
from registry.callers import Caller
from registry.errors import ScopeMissing
from registry.model import Credential, Role
from sigill.vocabulary import Draft
from tests.builders_deployment import NOW, Deployment, operator


@pytest.mark.parametrize(
    ("field", "value", "loaded"),
    [
        (StrictBoolean(), True, True),
        (StrictBoolean(), False, False),
        (JsonInteger(), 12, 12),
        (JsonInteger(), 12.0, 12),
        (Word(Draft), "ai", Draft.AI),
        (Hash(), "A" * 43, "A" * 43),
    ],
)
def test_a_field_takes_what_json_says(field: Any, value: object, loaded: object) -> None:
    found = field.deserialize(value)
    assert found == loaded
    assert type(found) is type(loaded)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        (StrictBoolean(), [1, 0, "true", "", [], 1.0]),
        (JsonInteger(), ["12", True, 12.5, "", [], {}]),
        (Word(Draft), ["AI", "", " ai", 1, None, [], {}]),
        (Hash(), ["A" * 42, "A" * 42 + "B", "A" * 44, "=" * 43, "", 7, "å" * 43, "A" * 42 + "\n"]),
    ],
)
def test_a_field_refuses_everything_else(field: Any, values: list[object]) -> None:
    for value in values:
        with pytest.raises(ValidationError):
            field.deserialize(value)


def test_a_wrong_word_is_answered_with_the_right_ones_and_not_at_length() -> None:
    with pytest.raises(ValidationError) as raised:
        Word(Draft).deserialize("x" * 10_000)
    (fault,) = raised.value.messages
    assert isinstance(fault, Fault)
    assert fault.allowed == ("person", "ai")
    assert len(fault) < 100


def test_a_source_nobody_described_is_named_by_its_id() -> None:
    assert describe_source("eu.ai_act.50", {}) == {"id": "eu.ai_act.50"}


def test_a_key_of_no_operator_signs_nothing(shared: Deployment) -> None:
    credential = Credential(prefix="x", name="x", role=Role.AUDITOR, operator_id=None, expires_at=NOW, revoked_at=None)
    bank = operator()
    with shared.app.test_request_context():
        g.sigill_caller = Caller(credential, None)
        with pytest.raises(ScopeMissing, match="belongs to no operator"):
            calling_operator()
        g.sigill_caller = replace(g.sigill_caller, operator=bank)
        assert calling_operator() is bank
