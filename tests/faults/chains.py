"""Conversations: each message names the one before, none is missing, and the tables say the same."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from sigill.seal.token import previous_hash
from tests.faults.evidence import Rows
from tests.faults.findings import Fault, Finding
from tests.faults.rows import claims_of


def check_chains(rows: Rows) -> Iterator[Finding]:
    """Check every conversation from its tokens alone, then what the tables say about it."""
    chains: dict[str, dict[int, list[Mapping[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for row in rows.tokens:
        place = claims_of(row["jws"]).get("conv")
        if place is not None:
            chains[place["id"]][place["seq"]].append(row)
    kept = {row["id"]: row for row in rows.conversations}
    for conversation in sorted(set(chains) | set(kept)):
        yield from _check_chain(conversation, chains[conversation], kept.get(conversation))
    yield from _check_links(rows, chains)


def _check_chain(
    conversation: str, chain: Mapping[int, list[Mapping[str, Any]]], kept: Mapping[str, Any] | None
) -> Iterator[Finding]:
    if sorted(chain) != list(range(1, len(chain) + 1)) or any(len(rows) > 1 for rows in chain.values()):
        counted = {seq: len(rows) for seq, rows in sorted(chain.items())}
        yield Finding(Fault.CHAIN, f"conversation {conversation} does not count 1, 2, 3 …: {counted}"[:300])
        return
    before: str | None = None
    for seq in range(1, len(chain) + 1):
        (row,) = chain[seq]
        if claims_of(row["jws"])["conv"].get("prev") != before:
            yield Finding(Fault.CHAIN, f"message {seq} of conversation {conversation} does not name the one before")
        before = previous_hash(row["jws"])
    if kept is None:
        yield Finding(Fault.HALF, f"conversation {conversation} has messages and no row")
    elif (kept["seq"], kept["last_hash"]) != (len(chain), before):
        yield Finding(Fault.HALF, f"conversation {conversation} stands at {kept['seq']}, its messages at {len(chain)}")


def _check_links(rows: Rows, chains: Mapping[str, Mapping[int, list[Mapping[str, Any]]]]) -> Iterator[Finding]:
    if not rows.links:
        return
    linked = {(row["conversation_id"], row["seq"]): row["jti"] for row in rows.links}
    sealed = {(name, seq): row["jti"] for name, chain in chains.items() for seq, (row, *_) in chain.items()}
    for conversation, seq in sorted(key for key in set(linked) | set(sealed) if linked.get(key) != sealed.get(key)):
        yield Finding(Fault.HALF, f"entry {seq} of conversation {conversation} is not the token that claims to be it")
