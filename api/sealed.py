"""A sealed message as the API answers it. Written by hand, and held to its schema by a test.

What follows from the kind of message alone is the greater part of the answer, and is written once per kind.
"""

from collections.abc import Mapping
from json import dumps
from json.encoder import encode_basestring
from typing import Any, Final
from weakref import WeakKeyDictionary

from api.current import world
from api.preferences import owed_parts
from api.shapes import decision_parts
from registry.model import Operator
from sigill.policy.facts import Facts
from sigill.policy.texts import OperatorNames, render_texts
from sigill.text.carrier import embed
from sigill.text.codes import Code, format_code
from signing.issued import IssuedSeal, SignedSeal
from signing.kinds import Kind
from signing.request import SignRequest

_written: Final = WeakKeyDictionary[Kind, str]()
_written_briefly: Final = WeakKeyDictionary[Kind, str]()


def decision_value(facts: Facts, decision: Mapping[str, Any], operator: Operator) -> dict[str, Any]:
    """Return a decision as the API shows it: sources described, texts rendered in the customer's language."""
    library = world().signing.policies
    parts = decision_parts(decision, sources=library.policies.vocabulary.sources)
    names = OperatorNames(display_name=operator.name, phone=operator.phone, wait_minutes=operator.wait_minutes)
    parts["texts"] = render_texts(library.texts, parts.pop("text_keys"), language=facts.language, operator=names)
    return parts


def sealed_members(signed: SignedSeal, request: SignRequest, operator: Operator, *, brief: bool) -> str:
    """Return the members of the answer but for the place in the log: what can fail fails before anything is sealed.

    A brief answer says what is owed, and no more of the decision.
    """
    link = f"{world().base_url}/s/{signed.code}"
    conversation = "" if signed.conversation is None else _conversation(signed.conversation.id, signed.conversation.seq)
    embedded = ""
    if request.text is not None:
        text = embed(request.text, signed.code, channel=request.declared.channel)
        embedded = f',"embedded_text":{encode_basestring(text)}'
    return (
        f'"id":"{signed.jti}"{conversation},"seal":"{signed.seal}","code":"{format_code(signed.code)}",'
        f'"link":"{link}"{embedded},{_decision_member(signed, operator, brief=brief)}'
    )


def sealed_answer(members: str, issued: IssuedSeal) -> str:
    """Return the whole answer without its braces."""
    return (
        f'{members},"log":{{"origin":{encode_basestring(issued.origin)},"index":{issued.index}}},'
        f'"receipt":{encode_basestring(issued.receipt)}'
    )


def link_of(code: Code) -> str:
    """Return the short link of a code."""
    return f"{world().base_url}/s/{code}"


def _decision_member(signed: SignedSeal, operator: Operator, *, brief: bool) -> str:
    """Return `decision` or `owed`, members in one order, so that an answer found again is the same byte for byte."""
    kept = _written_briefly if brief else _written
    written = None if signed.kind is None else kept.get(signed.kind)
    if written is None:
        value = decision_value(signed.facts, signed.decision, operator)
        text = dump_json(owed_parts(value) if brief else value, sort_keys=True)
        written = f'"owed":{text}' if brief else f'"decision":{text}'
        if signed.kind is not None:
            kept[signed.kind] = written
    return written


def _conversation(conversation_id: str, seq: int) -> str:
    return f',"conversation":{{"id":"{conversation_id}","seq":{seq}}}'


def dump_json(value: Any, *, sort_keys: bool = False) -> str:  # noqa: ANN401 - any JSON value
    """Return a JSON text without blanks."""
    return dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=sort_keys)
