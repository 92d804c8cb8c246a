"""The witness's plain pages, for people: who it is and what it watches, and the notes that convict a log."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from sigill.tlog.cosignature import WitnessKey, format_witness_vkey
from sigill.witness.store import Fork, Head


def show_witness(key: WitnessKey, heads: Mapping[str, tuple[str, Head | None]], forked: Collection[str]) -> str:
    """Return who the witness is; `heads` has the origin hash and the latest head of each log it watches."""
    lines = [
        f"This is the witness {key.name} of transparency logs.",
        "",
        "Its verifier key:",
        f"  {format_witness_vkey(key)}",
        "",
        "It cosigns a checkpoint of these logs when its tree extends the one it cosigned before:",
    ]
    for origin, (hashed, head) in heads.items():
        lines += ["", f"  {origin}"]
        if head is None:
            lines.append("    nothing cosigned yet")
        else:
            lines += [f"    size {head.known.size}, cosigned {_shown(head.known.time_s)}", f"    /{hashed}/checkpoint"]
        if origin in forked:
            lines.append(f"    SIGNED TWO DIFFERENT TREES OF ONE SIZE: /{hashed}/forks")
    return "\n".join([*lines, "", "Logs ask by POST /add-checkpoint, see https://c2sp.org/tlog-witness", ""])


def show_forks(origin: str, forks: Sequence[Fork]) -> str:
    """Return, for each fork, the note that was cosigned and the other, with a sentence between."""
    lines = [f"The log {origin} signed two different trees of one size. Only one can be its history."]
    for fork in forks:
        lines += [
            "",
            f"Size {fork.size}, cosigned:",
            "",
            fork.cosigned,
            f"Size {fork.size}, shown to this witness {_shown(fork.time_s)} and refused:",
            "",
            fork.other,
        ]
    return "\n".join(lines)


def _shown(time_s: int) -> str:
    try:
        return f"{datetime.fromtimestamp(time_s, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):  # a clock that once ran far ahead
        return f"{time_s} s after 1970"
