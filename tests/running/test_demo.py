"""The demonstration: complete after any crash, doubled by none, and everything in it real."""

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from conversations.tables import conversations
from policies.tables import decisions
from registry.api_keys import authenticate
from registry.assurance import attained_level
from registry.errors import CredentialExpired
from registry.model import AssuranceLevel, Environment, EvidenceKind, OperatorId, Role
from registry.operators import list_operator_ids, load_operator
from registry.tables import api_keys, operators
from running.demo import KEYS_RENEWED, seed_demonstration, seeded_messages, write_demo_file
from running.demo_data import FOLDER, load_demonstration
from sigill.errors import PolicyInvalid
from sigill.policy.words import Verdict
from sigill.report.answers import Answer
from sigill.report.standing import State
from sigill.seal.claim_values import mandatary_of, operator_id_of
from sigill.seal.token import parse_seal
from sigill.text.addresses import parse_address
from sigill.text.carrier import embed
from sigill.tlog.checkpoint import verify_checkpoint
from sigill.tlog.leaf import Leaf, LeafKind, format_leaf, leaf_of
from sigill.tlog.note import parse_vkey
from sigill.tlog.tree import Frontier, grow, hash_leaf
from sigill.vocabulary import Authorship, Channel, Enquiry, Industry, Language
from sigill.vocabulary import Role as AuthorRole
from signing.issue import issue_seal
from storage.engine import reading
from tests.builders_services import demo_services, empty_services
from transparency.tables import tokens
from verification.find import Brought
from verification.service import VerifyRequest, verify
from wiring import Services

pytestmark = pytest.mark.slow

_MESSAGES = load_demonstration().messages
_CENTRE = load_demonstration().centre
_ALL = [message for each in _MESSAGES.values() for message in each]
_SEALED = [message for message in _ALL if not message.refused]


class PowerCut(Exception):
    """The process dies here."""


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with demo_services(tmp_path) as services:
        yield services


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Services]:
    with empty_services(tmp_path) as services:
        yield services


def _sizes(services: Services) -> dict[str, int]:
    return {head.log_id: head.size for head in services.log.logs()}


def _complete() -> dict[str, int]:
    """Two steps of the life cycle, a leaf for each message or refusal, two for each contact point, one a promise.

    And what the contact centre adds.
    """
    sizes = {
        profile.id: 2 + len(_MESSAGES[profile.id]) + 2 * len(profile.sending.contacts) + len(profile.sending.promises)
        for profile in load_demonstration().profiles
    }
    sizes[_CENTRE.principal] += 2 + len(_CENTRE.messages)  # the mandate is given, accepted, and used
    return sizes | {_CENTRE.profile.id: 3}


def _counts(services: Services) -> list[int]:
    with reading(services.engine) as connection:
        tables = (operators, conversations, decisions, api_keys)
        return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]


def _demo_file(services: Services) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((services.settings.var / "demo.json").read_text("utf-8"))
    return content


def _holder(services: Services, key: str) -> tuple[Role, OperatorId | None]:
    with reading(services.engine) as connection:
        credential = authenticate(connection, key, at=services.signing.now())
    return credential.role, credential.operator_id


def test_there_is_one_verified_live_operator_per_industry(services: Services) -> None:
    with reading(services.engine) as connection:
        found = [
            load_operator(connection, each) for each in list_operator_ids(connection) if each != _CENTRE.profile.id
        ]
    assert {operator.industry for operator in found} == set(Industry)
    assert len(found) == len(Industry)
    for operator in found:
        assert [change.state for change in operator.history] == [State.APPLIED, State.VERIFIED]
        assert operator.environment is Environment.LIVE
        assert [item.kind for item in operator.evidence] == [EvidenceKind.DEMONSTRATION]
        assert attained_level(operator.evidence, at=services.signing.now()) is AssuranceLevel.DECLARED
        assert [system.active for system in operator.ai_systems] == [True]


def test_nothing_in_it_belongs_to_anybody() -> None:
    landline = r"\+46 (8 465 004 \d\d|31 390 06 \d\d|40 628 04 \d\d|980 319 2\d\d)"
    mobile = r"\+46 70 174 06 (0[5-9]|[1-9]\d)"
    for profile in (*load_demonstration().profiles, _CENTRE.profile):
        assert re.fullmatch(r"NTR(SE-0{7}\d{3}|NO-0{6}\d{3}|DK-0{5}\d{3}|FI-0{6}\d{2})", profile.identifier)
        assert re.fullmatch(r"https://www\.[a-z]+\.example", profile.website)
        assert profile.phone is None or re.fullmatch(landline, profile.phone)
    for message in _ALL:
        recipient = message.request.recipient
        if isinstance(recipient, str):
            assert recipient.endswith(".example") or re.fullmatch(mobile, recipient)


def test_the_conversations_show_what_there_is_to_show() -> None:
    declared = [message.request.declared for message in _ALL]
    assert len(declared) >= 20
    assert {each.channel for each in declared} >= {
        Channel.CHAT,
        Channel.EMAIL,
        Channel.SMS,
        Channel.PHONE,
        Channel.APP,
        Channel.FORUM,
        Channel.LETTER,
    }
    assert {each.authorship for each in declared} == set(Authorship)
    assert {each.language for each in declared} >= {Language.SV, Language.NB, Language.FI, Language.EN}
    assert any(each.role is AuthorRole.PEER and each.channel is Channel.FORUM for each in declared)
    assert len([each for each in _MESSAGES.values() if each]) >= 5


def test_every_seal_is_genuine_for_its_text_and_recipient(services: Services) -> None:
    found = list(seeded_messages(services))
    assert [each.message for each in found] == _SEALED
    for sealed in found:
        request = sealed.message.request
        text = request.text or ""
        sent = embed(text, sealed.code, channel=request.declared.channel)
        address = None if request.recipient is None else parse_address(request.recipient)
        for brought, content in ((Brought(code=sealed.code), text), (Brought(text=sent), None)):
            asked = VerifyRequest(brought=brought, content=content, recipient=address)
            assert verify(asked, world=services.verification).report.answer is Answer.GENUINE, text
        altered = VerifyRequest(brought=Brought(code=sealed.code), content=f"{text} Nej.", recipient=address)
        assert verify(altered, world=services.verification).report.answer is not Answer.GENUINE


def test_the_conversations_are_chained(services: Services) -> None:
    references = {(operator, each.request.conversation) for operator, said in _MESSAGES.items() for each in said}
    references |= {(_CENTRE.principal, each.request.conversation) for each in _CENTRE.messages}
    with reading(services.engine) as connection:
        found = connection.execute(select(conversations.c.seq)).scalars().all()
    assert len(found) == len(references)
    assert sum(found) == len(_SEALED) + len(_CENTRE.messages)


def test_the_contact_centre_s_messages_are_genuine_and_name_whom_they_are_for(services: Services) -> None:
    with reading(services.engine) as connection:
        rows = connection.execute(select(tokens.c.code, tokens.c.jws).where(tokens.c.log_id == _CENTRE.principal)).all()
    codes = [row.code for row in rows if parse_seal(row.jws + "~").claims.act is not None]
    assert len(codes) == len(_CENTRE.messages)
    for code, message in zip(codes, _CENTRE.messages, strict=True):
        asked = VerifyRequest(brought=Brought(code=code), content=message.request.text)
        report = verify(asked, world=services.verification).report
        assert report.answer is Answer.GENUINE
        assert report.proven is not None
        claims = report.proven.claims
        assert (operator_id_of(claims), mandatary_of(claims)) == (_CENTRE.principal, _CENTRE.profile.id)


def test_an_autonomous_credit_decision_is_refused_and_logged(services: Services) -> None:
    (position,) = (i for i, message in enumerate(_MESSAGES["exempelbanken"]) if message.refused)
    request = _MESSAGES["exempelbanken"][position].request
    assert (request.declared.authorship, request.declared.enquiry) == (Authorship.AI, Enquiry.CREDIT_DECISION)
    leaf = services.log.leaf("exempelbanken", 2 + position)
    record = services.log.record("exempelbanken", 2 + position)
    assert record is not None
    assert leaf == leaf_of(LeafKind.DENY, record)
    with reading(services.engine) as connection:
        kept = connection.execute(select(decisions).where(decisions.c.verdict == Verdict.DENY.value)).one()
    assert (kept.operator_id, kept.log_index) == ("exempelbanken", 2 + position)


def test_every_log_can_be_derived_again_under_the_key_in_demo_json(services: Services) -> None:
    listed = _demo_file(services)["logs"]
    heads = {head.origin: head for head in services.log.logs()}
    assert {log["origin"] for log in listed} == set(heads)
    for log in listed:
        head = heads[log["origin"]]
        assert log["url"] == f"http://127.0.0.1:8000/log/{head.log_id}"
        leaves = [services.log.leaf(head.log_id, index) for index in range(head.size)]
        frontier, _ = grow(Frontier(), (hash_leaf(format_leaf(leaf)) for leaf in leaves))
        checkpoint = verify_checkpoint(head.checkpoint, origin=head.origin, keys=[parse_vkey(log["vkey"])])
        assert (checkpoint.size, checkpoint.root) == (frontier.size, frontier.root())
        kinds = [leaf.kind for leaf in leaves if isinstance(leaf, Leaf)]
        assert kinds[:2] == [LeafKind.REGISTRY, LeafKind.REGISTRY]
        of_mandates = head.log_id in {_CENTRE.principal, _CENTRE.profile.id}
        assert set(kinds[2:]) <= {LeafKind.SEAL, LeafKind.DENY} | ({LeafKind.REGISTRY} if of_mandates else set())


def test_seeding_again_changes_nothing(services: Services) -> None:
    before = [(head.log_id, head.checkpoint) for head in services.log.logs()], _counts(services)
    seed_demonstration(services)
    write_demo_file(services)
    assert ([(head.log_id, head.checkpoint) for head in services.log.logs()], _counts(services)) == before
    assert _sizes(services) == _complete()


@pytest.mark.parametrize("survived", [0, 1, 4, 5, 11, len(_ALL) - 1, len(_ALL), len(_ALL) + 1])
def test_a_seed_cut_short_at_a_message_is_completed_by_the_next_start(
    empty: Services, monkeypatch: pytest.MonkeyPatch, survived: int
) -> None:
    sent: list[object] = []

    def issue_until_the_cut(*args: Any, **kwargs: Any) -> object:
        if len(sent) == survived:
            raise PowerCut
        sent.append(args)
        return issue_seal(*args, **kwargs)

    monkeypatch.setattr("running.demo_operators.issue_seal", issue_until_the_cut)
    with pytest.raises(PowerCut):
        seed_demonstration(empty)
    monkeypatch.undo()
    assert _sizes(empty) != _complete()
    seed_demonstration(empty)
    assert _sizes(empty) == _complete()
    assert [each.message for each in seeded_messages(empty)] == _SEALED


@pytest.mark.parametrize("step", ["enrol", "change_state_logged"])
def test_a_seed_cut_short_at_a_step_of_the_life_cycle_is_completed_by_the_next_start(
    empty: Services, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def cut(*_args: object, **_kwargs: object) -> None:
        raise PowerCut

    empty.log.create_log("exempelbanken", f"{empty.identity.log_prefix}/exempelbanken")
    monkeypatch.setattr(f"running.demo_operators.{step}", cut)
    with pytest.raises(PowerCut):
        seed_demonstration(empty)
    monkeypatch.undo()
    seed_demonstration(empty)
    assert _sizes(empty) == _complete()


def test_demo_json_holds_a_working_key_for_everybody_and_nobody_else_may_read_it(services: Services) -> None:
    path = services.settings.var / "demo.json"
    content = _demo_file(services)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(content) == ["auditor", "base_url", "logs", "operators"]
    assert content["base_url"] == "http://127.0.0.1:8000"
    assert [item["industry"] for item in content["operators"]] == [*Industry, _CENTRE.profile.industry]
    for item in content["operators"]:
        assert sorted(item) == ["api_key", "id", "industry", "name"]
        assert _holder(services, item["api_key"]) == (Role.SIGNER, item["id"])
    assert _holder(services, content["auditor"]["api_key"]) == (Role.AUDITOR, None)
    assert not list(path.parent.glob(".demo*"))


def test_on_another_port_the_keys_stay_and_the_addresses_change(services: Services, tmp_path: Path) -> None:
    before = _demo_file(services)
    with empty_services(tmp_path, port=8123) as moved:
        assert write_demo_file(moved) == ""
        after = _demo_file(moved)
    assert after["base_url"] == "http://127.0.0.1:8123"
    assert all(log["url"].startswith("http://127.0.0.1:8123/log/") for log in after["logs"])
    assert (after["operators"], after["auditor"]) == (before["operators"], before["auditor"])
    assert [log["vkey"] for log in after["logs"]] == [log["vkey"] for log in before["logs"]]


@pytest.mark.parametrize("damage", ["deleted", "cut", "of another service", "one key of another", "a list"])
def test_where_demo_json_is_lost_or_does_not_fit_there_are_new_keys_and_the_old_are_revoked(
    services: Services, damage: str
) -> None:
    path = services.settings.var / "demo.json"
    before = _demo_file(services)
    other = json.loads(json.dumps(before))
    if damage == "deleted":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:100])
    elif damage == "a list":
        path.write_text("[]", "utf-8")
    else:
        first, second = other["operators"][:2]
        first["api_key"] = second["api_key"] if damage == "one key of another" else "sigill_00000000_" + "A" * 43
        path.write_text(json.dumps(other), "utf-8")
    assert write_demo_file(services) == KEYS_RENEWED
    after = _demo_file(services)
    for old, new in zip(before["operators"], after["operators"], strict=True):
        assert _holder(services, new["api_key"]) == (Role.SIGNER, new["id"])
        with pytest.raises(CredentialExpired):
            _holder(services, old["api_key"])
    with pytest.raises(CredentialExpired):
        _holder(services, before["auditor"]["api_key"])


def test_the_first_keys_are_nothing_to_tell(empty: Services) -> None:
    seed_demonstration(empty)
    assert write_demo_file(empty) == ""


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("operators.yaml", "wait_minutes: 4", "wait_minuts: 4", "unknown key"),
        ("operators.yaml", "industry: bank", "industry: banking", "not one of"),
        ("conversations.yaml", "operator: exempelbanken", "operator: nobody", "no operator"),
        ("contact_centre.yaml", "on_behalf_of: exempelbanken", "on_behalf_of: nobody", "no operator"),
        ("conversations.yaml", "channel: chat", "channel: fax", "not one of"),
        ("conversations.yaml", "{reference: skada", "{number: skada", "unknown key"),
    ],
)
def test_a_slip_in_the_data_is_refused_with_its_line(tmp_path: Path, file: str, old: str, new: str, fault: str) -> None:
    for source in FOLDER.glob("*.yaml"):
        text = source.read_text("utf-8")
        (tmp_path / source.name).write_text(text.replace(old, new, 1) if source.name == file else text, "utf-8")
    with pytest.raises(PolicyInvalid, match=rf"{re.escape(file)}, line \d+: .*{fault}"):
        load_demonstration(tmp_path)
