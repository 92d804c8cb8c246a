"""The check can fail: a ledger and a log that agree pass, and each kind of damage is found and named."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from registry.model import Role
from tests.builders_deployment import Deployment, deploy, operator
from tests.faults.checker import Checker
from tests.faults.evidence import Evidence, Rows, read_evidence
from tests.faults.findings import Fault
from tests.faults.ledger import Acknowledged, Denied, Ledger, Sealed
from tests.faults.load import message_of


@dataclass(frozen=True, slots=True)
class Story:
    """What was asked and answered, and what is there."""

    ledger: Ledger
    acknowledged: list[Acknowledged]
    evidence: Evidence

    def faults(self, acknowledged: list[Acknowledged], evidence: Evidence) -> set[Fault]:
        found = Checker(keys=True).check(self.ledger.asked, acknowledged, evidence)
        return {finding.fault for finding in found}

    def with_rows(self, **rows: Any) -> Evidence:
        return replace(self.evidence, rows=replace(self.evidence.rows, **rows))


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    made = deploy(tmp_path_factory.mktemp("faults"), operator())
    ledger = Ledger()
    for number in range(29):  # the twenty-ninth is one that the policy refuses
        ask(made, ledger, conversation="chat" if number % 2 else None)
    key = made.new_key(role=Role.AUDITOR, operator_id=None)
    headers = {"Authorization": f"Bearer {key}"}
    evidence = read_evidence(lambda path: made.client.get(path, headers=headers).data, made.services.engine)
    yield Story(ledger, list(ledger.acknowledged), evidence)
    made.services.engine.dispose()


def ask(made: Deployment, ledger: Ledger, *, conversation: str | None) -> None:
    asked = ledger.ask(
        key=f"single-{len(ledger.asked)}", position=0, operator="exempelbanken", conversation=conversation
    )
    answer = made.sign(**message_of(asked)).get_json()
    place = {"serial": asked.serial, "origin": answer["log"]["origin"], "index": answer["log"]["index"]}
    if "decision_id" in answer:
        ledger.acknowledge(Denied(id=answer["decision_id"], **place))
        return
    chain = answer.get("conversation") or {}
    ledger.acknowledge(
        Sealed(
            id=answer["id"],
            receipt=answer["receipt"],
            seal=answer["seal"],
            conversation=chain.get("id"),
            seq=chain.get("seq"),
            **place,
        )
    )


def seals(story: Story) -> list[Sealed]:
    return [answer for answer in story.acknowledged if isinstance(answer, Sealed)]


def without(rows: Any, number: int) -> list[Any]:
    return [row for index, row in enumerate(rows) if index != number]


def test_a_ledger_and_a_log_that_agree_have_no_findings(story: Story) -> None:
    assert len(seals(story)) == 28
    assert len(story.evidence.rows.entries) == 29
    assert Checker(keys=True).check(story.ledger.asked, story.acknowledged, story.evidence) == []


def test_a_seal_acknowledged_and_not_in_the_log_is_lost(story: Story) -> None:
    beyond = replace(seals(story)[3], index=29)
    assert Fault.LOST in story.faults([*story.acknowledged, beyond], story.evidence)


def test_a_log_cut_back_to_before_an_acknowledgment_has_lost_it(story: Story) -> None:
    ((origin, log),) = story.evidence.logs.items()
    cut = replace(log, entries=log.entries[:-5])
    found = story.faults(story.acknowledged, replace(story.evidence, logs={origin: cut}))
    assert {Fault.LOST, Fault.ROOT} <= found


def test_a_seal_whose_token_is_gone_is_lost_and_half_written(story: Story) -> None:
    evidence = story.with_rows(tokens=without(story.evidence.rows.tokens, 4))
    assert {Fault.LOST, Fault.HALF} <= story.faults(story.acknowledged, evidence)


def test_one_key_answered_with_two_seals_is_a_duplicate(story: Story) -> None:
    one, two = seals(story)[:2]
    again = replace(two, serial=one.serial)
    assert Fault.TWICE in story.faults([*story.acknowledged, again], story.evidence)


def test_one_index_given_to_two_messages_is_a_duplicate(story: Story) -> None:
    one, two = seals(story)[:2]
    assert Fault.TWICE in story.faults([one, replace(two, index=one.index)], story.evidence)


def test_a_message_sealed_twice_is_found_though_only_one_seal_was_acknowledged(story: Story) -> None:
    ledger = Ledger()
    ledger.asked |= story.ledger.asked
    rows = story.evidence.rows
    twin = dict(rows.tokens[0]) | {"jti": "01ZZZZZZZZZZZZZZZZZZZZZZZZ", "code": None, "idx": 999}
    assert Fault.TWICE in story.faults(story.acknowledged, story.with_rows(tokens=[*rows.tokens, twin]))


def test_a_leaf_that_is_there_twice_is_a_duplicate(story: Story) -> None:
    ((origin, log),) = story.evidence.logs.items()
    doubled = replace(log, entries=[*log.entries, log.entries[7]])
    found = story.faults(story.acknowledged, replace(story.evidence, logs={origin: doubled}))
    assert {Fault.TWICE, Fault.ROOT} <= found


def test_a_missing_index_is_a_gap(story: Story) -> None:
    assert Fault.GAP in story.faults(
        story.acknowledged, story.with_rows(entries=without(story.evidence.rows.entries, 9))
    )


def test_a_leaf_beyond_the_signed_size_is_a_gap(story: Story) -> None:
    (head,) = story.evidence.rows.logs
    shrunk = [{**head, "size": head["size"] - 1}]
    assert Fault.GAP in story.faults(story.acknowledged, story.with_rows(logs=shrunk))


def test_a_conversation_that_skips_a_message_is_broken(story: Story) -> None:
    inner = next(answer for answer in seals(story) if answer.seq == 2)
    tokens = [row for row in story.evidence.rows.tokens if row["jti"] != inner.id]
    assert Fault.CHAIN in story.faults(story.acknowledged, story.with_rows(tokens=tokens))


def test_a_conversation_s_row_that_lags_behind_its_messages_is_half_written(story: Story) -> None:
    (row,) = story.evidence.rows.conversations
    lagging = [{**row, "seq": row["seq"] - 1}]
    assert story.faults(story.acknowledged, story.with_rows(conversations=lagging)) == {Fault.HALF}


@pytest.mark.parametrize("table", ["decisions", "records"])
def test_a_leaf_without_its_decision_or_record_is_half_written(story: Story, table: str) -> None:
    rows = without(getattr(story.evidence.rows, table), 0)
    assert story.faults(story.acknowledged, story.with_rows(**{table: rows})) >= {Fault.HALF}


def test_a_decision_without_a_leaf_is_half_written(story: Story) -> None:
    rows = story.evidence.rows
    stray = dict(rows.decisions[0]) | {"log_index": 500, "id": "stray"}
    assert story.faults(story.acknowledged, story.with_rows(decisions=[*rows.decisions, stray])) == {Fault.HALF}


@pytest.mark.parametrize(
    "damage",
    [
        lambda sealed: replace(sealed, receipt=sealed.receipt.replace("index ", "index 1", 1)),
        lambda sealed: replace(sealed, seal="not a seal"),
        lambda sealed: replace(sealed, id="01ZZZZZZZZZZZZZZZZZZZZZZZZ"),
        lambda sealed: replace(sealed, seq=77),
    ],
)
def test_an_answer_that_does_not_prove_what_it_says_counts_as_lost(
    story: Story, damage: Callable[[Sealed], Sealed]
) -> None:
    assert Fault.LOST in story.faults([damage(seals(story)[5])], story.evidence)


def test_a_batch_s_messages_out_of_order_in_their_conversation_are_a_broken_chain(story: Story) -> None:
    chain = [answer for answer in seals(story) if answer.seq in {1, 2}]
    ledger = Ledger()
    ledger.asked |= story.ledger.asked | {
        answer.serial: replace(story.ledger.asked[answer.serial], key="batch-1") for answer in chain
    }
    swapped: list[Acknowledged] = [replace(chain[0], seq=2), replace(chain[1], seq=1)]
    found = {finding.fault for finding in Checker(keys=True).check(ledger.asked, swapped, story.evidence)}
    assert Fault.CHAIN in found


def test_rows_start_empty() -> None:
    assert Rows().tokens == ()
