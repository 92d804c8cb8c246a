"""CPU of single steps on one core, no server: raw signatures beside what Sigill makes of them, and one decision.

python -m benchmarks.in_process --seconds 0.3 --rounds 5 --only es256_verify,seal_verify
python -m benchmarks.in_process --profile seal_verify
"""

import argparse
import cProfile
import pstats
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Final

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from benchmarks.callers import caller_calls
from benchmarks.samples import ratios, spread
from benchmarks.servers import ROOT
from policies.library import PolicyLibrary, load_library
from sigill.errors import SigillError
from sigill.policy.cases import load_cases
from sigill.policy.facts import Facts
from sigill.report.answers import Answer
from sigill.report.content import Presented
from sigill.report.judge import Evidence, LogEvidence, judge_seal
from sigill.report.openers import BroughtOpener
from sigill.seal.token import parse_seal, sign_seal
from tests.builders_seal import SIGNER, Case, MemoryLog, make_case

_SEALS: Final = 100
_BLOCK: Final = 20
_PROFILED: Final = 1000
_SHOWN: Final = 40
_ES256: Final = ec.ECDSA(hashes.SHA256())
_DETERMINISTIC: Final = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)

Call = Callable[[], object]
WHAT: Final = {
    "es256_sign": "ES256, sign",
    "es256_sign_rfc6979": "ES256, sign (RFC 6979)",
    "pyjwt_encode": "PyJWT, encode",
    "es256_verify": "ES256, verify",
    "pyjwt_decode": "PyJWT, decode",
    "seal_sign": "seal: claims to JWS",
    "seal_verify": "seal: parse, signature, content",
    "seal_verify_receipt": "seal: the same and its receipt",
    "decision": "policy decision",
    "decision_first": "policy decision, the first of its kind",
    "caller_key": "who asks, and may it seal: API key",
    "caller_token": "who asks, and may it seal: access token",
    "caller_version": "the same, where the version is read (once a second)",
}


@dataclass(frozen=True, slots=True)
class Step:
    """Something to time; `base` names the step its ratio is to."""

    base: str | None
    call: Call


def steps() -> dict[str, Step]:
    """Return everything that can be timed, ready to run."""
    return _signatures() | _seals() | _decisions() | _callers()


def measure(chosen: Mapping[str, Step], *, seconds: float, rounds: int) -> dict[str, list[float]]:
    """Return each step's CPU in µs a call, one value a round; the rounds are interleaved."""
    values: dict[str, list[float]] = {name: [] for name in chosen}
    for step in chosen.values():
        cpu_us(step.call, seconds=seconds / 10)
    for _ in range(rounds):
        for name, step in chosen.items():
            values[name].append(cpu_us(step.call, seconds=seconds))
    return values


def cpu_us(call: Call, *, seconds: float) -> float:
    """Return the CPU time of one call in µs, over as many calls as fit into `seconds` of CPU."""
    calls = 0
    begin = now = time.process_time()
    while now - begin < seconds:
        for _ in range(_BLOCK):
            call()
        calls += _BLOCK
        now = time.process_time()
    return (now - begin) / calls * 1e6


def _signatures() -> dict[str, Step]:
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key()
    message = b"m" * 600
    signature = key.sign(message, _ES256)
    claims = {"iss": "https://guarantor.example", "iat": 1_700_000_000, "jti": "x" * 26, "more": "m" * 400}
    token = jwt.encode(claims, key, algorithm="ES256")
    return {
        "es256_sign": Step(None, lambda: key.sign(message, _ES256)),
        "es256_sign_rfc6979": Step("es256_sign", lambda: key.sign(message, _DETERMINISTIC)),
        "pyjwt_encode": Step("es256_sign", lambda: jwt.encode(claims, key, algorithm="ES256")),
        "es256_verify": Step(None, lambda: public.verify(signature, message, _ES256)),
        "pyjwt_decode": Step("es256_verify", lambda: jwt.decode(token, public, algorithms=["ES256"])),
    }


def _seals() -> dict[str, Step]:
    log = MemoryLog()
    cases = [make_case(f"Hej! Ditt ärende {number} är klart.", number=number, log=log) for number in range(_SEALS)]
    for case in cases:
        assert case.judge().answer is Answer.GENUINE
    to_sign, without, with_receipt = cycle([case.claims for case in cases]), cycle(cases), cycle(cases)
    return {
        "seal_sign": Step("es256_sign", lambda: sign_seal(next(to_sign), signer=SIGNER)),
        "seal_verify": Step("es256_verify", lambda: _judge(next(without), receipt=False)),
        "seal_verify_receipt": Step("es256_verify", lambda: _judge(next(with_receipt), receipt=True)),
    }


def _judge(case: Case, *, receipt: bool) -> object:
    seal = parse_seal(case.seal)
    evidence = Evidence(
        presented=Presented(text=case.text, recipient=case.recipient),
        trust=case.trust,
        opener=BroughtOpener(seal),
        log=LogEvidence(case.receipt if receipt else None),
        at=case.at,
    )
    return judge_seal(seal, evidence)


def _decisions() -> dict[str, Step]:
    library, forgetful = (load_library(ROOT / "policies") for _ in range(2))
    facts = _facts(library)  # decides each once
    asked, anew = cycle(facts), cycle(facts)

    def first() -> object:
        forgetful.policies.memo.clear()
        return forgetful.decide(next(anew))

    return {
        "decision": Step(None, lambda: library.decide(next(asked))),
        "decision_first": Step(None, first),
    }


def _callers() -> dict[str, Step]:
    return {name: Step(None, call) for name, call in caller_calls().items()}


def _facts(library: PolicyLibrary) -> list[Facts]:
    """Return the facts of every test case of the packs that has a decision."""
    found = []
    for path in sorted((ROOT / "policies" / "cases").glob("*.yaml")):
        for case in load_cases(path.read_text("utf-8"), file=path.name):
            try:
                library.decide(case.facts)
            except SigillError:
                continue
            found.append(case.facts)
    return found


def format_table(chosen: Mapping[str, Step], values: Mapping[str, Sequence[float]]) -> str:
    """Return the results as plain text."""
    lines = [f"{'':44}{'CPU µs':>24}{'a second':>12}  rate beside"]
    for name, found in values.items():
        base, each = chosen[name].base, spread(found)
        beside = "" if base is None else f"{ratios(values[base], found).median:.2f} of {WHAT[base]}"
        lines.append(
            f"{name:22}{WHAT[name]:42}{each.median:9.2f} ({each.least:.2f}–{each.greatest:.2f})"
            f"{1e6 / each.median:12,.0f}  {beside}"
        )
    return "\n".join(lines)


def choose(only: Collection[str] | None) -> dict[str, Step]:
    """Return the steps of those names (all without names) and those they are compared with. Raises KeyError."""
    known = steps()
    if only is None:
        return known
    wanted = {*only, *(base for name in only if (base := known[name].base))}
    return {name: step for name, step in known.items() if name in wanted}


def profile(call: Call) -> None:
    """Print where the time of a call goes, function by function. A profiler makes calls dear: read the shares."""
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(_PROFILED):
        call()
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(_SHOWN)


def main(arguments: Sequence[str]) -> int:
    """Measure what the command line asks for and print it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.in_process", description="Time single steps.")
    parser.add_argument("--only", help="names, with commas between them")
    parser.add_argument("--seconds", type=float, default=0.5, help="CPU of one step in one round")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--profile", metavar="NAME", help="say where the time of one step goes instead")
    given = parser.parse_args(arguments)
    if given.profile:
        profile(choose([given.profile])[given.profile].call)
        return 0
    chosen = choose(given.only.split(",") if given.only else None)
    print(format_table(chosen, measure(chosen, seconds=given.seconds, rounds=given.rounds)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
