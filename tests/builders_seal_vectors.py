"""Writes `tests/vectors/seals.json`: whole seals with everything that judges them, and the answers they must get.

    python -m tests.builders_seal_vectors > tests/vectors/seals.json

The file is committed and frozen: another implementation is judged by it, and so is this one. Write it anew only
together with a change of the format that is meant.
"""

import json
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sigill.encoding.base64url import format_base64url
from sigill.keys.p256 import ORDER
from sigill.report.checks import CheckName
from sigill.report.judge import LogEvidence, Report
from sigill.report.openers import DerivingOpener
from sigill.report.standing import Standing, State
from sigill.report.trust import Trust, format_trust
from sigill.seal.claims import AiClaim, SealClaims, audience_of, format_claims, operator_url
from sigill.seal.disclosures import AddressType, Name
from sigill.seal.token import parse_seal
from sigill.text.links import link_hash
from sigill.text.nu1 import canonical_h
from sigill.vocabulary import Authorship, Channel
from tests.builders_seal import (
    LIFETIME,
    NOW,
    OPERATOR_ID,
    SALT_KEY,
    SIGNER,
    Case,
    MemoryLog,
    MemorySigner,
    header_of,
    make_actor,
    make_case,
    make_trust,
    sign_raw,
    some_hash,
)

PROVENANCE: Final = (
    "Own vectors for the seals of Sigill, written by tests/builders_seal_vectors.py from the rules in sigill/seal and "
    "sigill/report. Every name, number and key is invented; the private keys are derived from small numbers and are "
    "good for nothing else. That sd-jwt, PyJWT, joserfc and jwcrypto read the same seals is shown by "
    "tests/sigill/report/test_seal_vectors.py."
)
READING: Final = (
    "A case is judged with the trust file named by `trust`, at `at` (Unix seconds), with `receipt` (a C2SP "
    "tlog-proof@v1 or null; `log_reachable` false where the log could not be asked), with the operator's `standing` "
    "then and now (null where the registry was not asked), and with what was `presented`: text, or hashes of it "
    "(base64url nu1 h, the whole first), links and files (base64url hashes), recipient (type and normalised address), "
    "found_by_code. `opening` is brought (by the disclosures in the seal) or salt_key (by the guarantor, with "
    "keys.salt_key_hex). Where no disclosure of the text is in the seal, a part of the text counts from 20 canonical "
    "characters on, and of the hashes the first 20. It must get `answer`, `reason` and the detail of every check in "
    "`checks`, and hand back the disclosures named in `shown` (null where nothing is proven). What is in `malformed` "
    "must be refused by the parser, before any signature is looked at; the words in `says` are part of this "
    "implementation's message."
)
_LINK: Final = "https://exempelbanken.example/kort"
_LINK_HASHES: Final = (format_base64url(link_hash(_LINK)),)
_FILES: Final = (some_hash(3),)
_LOG_SEED: Final = 7


class _Vectors:
    """Collects cases over one log; every seal is another one (its `jti` counts up)."""

    def __init__(self) -> None:
        self.log = MemoryLog(seed=_LOG_SEED)
        self.trusts: dict[str, Trust] = {}
        self.cases: list[dict[str, Any]] = []
        self._seals = 0

    def seal(self, *args: Any, **parts: Any) -> Case:
        self._seals += 1
        return make_case(*args, number=self._seals, log=self.log, **parts)

    def add(  # noqa: PLR0913 - what a case is judged with
        self,
        name: str,
        case: Case,
        *,
        trust: str = "usual",
        at: datetime | None = None,
        log: LogEvidence | None = None,
        standing: Standing | None = None,
        by_salt_key: bool = False,
        **presented: Any,
    ) -> None:
        case = replace(case, trust=self.trusts[trust], at=at or case.at)
        log = log or LogEvidence(case.receipt)
        opener = DerivingOpener(case.parsed, salt_keys=[SALT_KEY]) if by_salt_key else None
        report = case.judge(log=log, opener=opener, standing=standing, **presented)
        brought: dict[str, Any] = {"text": case.text, "recipient": case.recipient} | presented
        self.cases.append(
            {
                "name": name,
                "seal": case.seal,
                "trust": trust,
                "at": int(case.at.timestamp()),
                "receipt": log.receipt,
                "log_reachable": log.reachable,
                "standing": standing and {"then": standing.then.value, "now": standing.now.value},
                "opening": "salt_key" if by_salt_key else "brought",
                "presented": {member: value for member, value in brought.items() if value is not None},
                **_expected(report),
            }
        )


def _expected(report: Report) -> dict[str, Any]:
    return {
        "answer": report.answer.value,
        "reason": report.reason.value,
        "checks": {  # the file is older than status lists: no seal in it has a place in one
            check.check.value: check.detail.value for check in report.checks if check.check is not CheckName.STATUS
        },
        "shown": None if report.shown is None else [item.name.value for item in parse_seal(report.shown).disclosures],
    }


def seal_vectors() -> dict[str, Any]:
    """Return the whole content of `tests/vectors/seals.json`."""
    vectors = _Vectors()
    usual = make_trust(vectors.log)
    compromised = SIGNER.published(compromised_at=NOW + timedelta(days=9))
    vectors.trusts = {
        "usual": usual,
        "key not yet valid": make_trust(vectors.log, SIGNER.published(valid_from=NOW + timedelta(days=1))),
        "key compromised": make_trust(vectors.log, compromised),
        "older than the seals": make_trust(vectors.log, MemorySigner(30).published(), as_of=NOW - timedelta(days=1)),
        "no logs": replace(usual, logs={}),
    }
    _add_good(vectors)
    _add_incomplete(vectors)
    _add_altered(vectors)
    _add_unanswerable(vectors)
    malformed = _malformed(vectors.seal())
    _add_guessed(vectors)
    malformed += _add_under_mandate(vectors)
    return {
        "format": "seal test vectors, version 1",
        "provenance": PROVENANCE,
        "reading": READING,
        "keys": {
            "sealing": _private_jwk(SIGNER),
            "log_ed25519_seed_hex": (bytes([_LOG_SEED]) * 32).hex(),
            "salt_key_hex": SALT_KEY.hex(),
        },
        "trusts": {name: format_trust(trust) for name, trust in vectors.trusts.items()},
        "cases": vectors.cases,
        "malformed": malformed,
    }


def _add_good(vectors: _Vectors) -> None:
    everything = vectors.seal(links=[_LINK], files=list(_FILES))
    vectors.add("an AI's chat message with links and files", everything, links=_LINK_HASHES, files=_FILES)
    vectors.add("a person's message to nobody in particular", vectors.seal(by=Authorship.HUMAN, recipient=None))
    mail = vectors.seal(by=Authorship.AI_ASSISTED, change=_by_mail)
    vectors.add("an assisted mail as it was sent, with its code and carrier", mail, text=mail.embedded)
    h = format_base64url(canonical_h(everything.text))
    vectors.add("the text stayed with the customer", everything, text=None, hashes=(h,))
    bare = replace(everything, seal=everything.parsed.jws.text + "~")
    vectors.add("no disclosure, opened by the guarantor", bare, by_salt_key=True, links=_LINK_HASHES)
    for since in (State.SUSPENDED, State.REVOKED):
        vectors.add(f"the operator was {since} since", everything, standing=Standing(State.VERIFIED, since))
    vectors.add("other spacing", everything, text=everything.text.replace(" ", "\u00a0"))


def _add_incomplete(vectors: _Vectors) -> None:
    case = vectors.seal()
    vectors.add("nothing given", case, text=None, recipient=None)
    vectors.add("no text given", case, text=None)
    vectors.add("no recipient given", case, recipient=None)
    quoted = "\n".join(f"> {line}" for line in case.text.split("\n"))
    vectors.add("a quoted mail with words around it", case, text=f"Är detta äkta?\n\n{quoted}\n\nHälsningar Anna")


def _add_altered(vectors: _Vectors) -> None:
    case = vectors.seal(links=[_LINK], files=list(_FILES))
    vectors.add("another text", case, text=case.text.replace("kort", "konto"))
    vectors.add("another text under a copied code", case, text="Betala 500 kr nu.", found_by_code=True)
    vectors.add("another recipient", case, recipient=(AddressType.EMAIL, "bo@example.se"))
    vectors.add("another link", case, links=(some_hash(4),))
    vectors.add("a file too many", case, files=(*_FILES, some_hash(4)))
    jws = case.parsed.jws
    vectors.add("another text with the right links and files", case, text="Ja", links=_LINK_HASHES, files=_FILES)
    vectors.add("one bit of the signature changed", replace(case, seal=_signed_as(case, _flipped(jws.signature))))
    vectors.add("the other spelling of the signature (high S)", replace(case, seal=_signed_as(case, _high_s(case))))
    stranger = vectors.seal(signer=MemorySigner(31))
    vectors.add("signed by a key nobody published", stranger)
    vectors.add("sealed before its key was valid", case, trust="key not yet valid")
    vectors.add("the operator was suspended then", case, standing=Standing(State.SUSPENDED, State.VERIFIED))
    vectors.add("a compromised key", case, trust="key compromised")
    vectors.add("the receipt of another seal", case, log=LogEvidence(vectors.seal("Another text").receipt))


def _add_unanswerable(vectors: _Vectors) -> None:
    case = vectors.seal()
    vectors.add("hidden characters", case, text=case.text.replace("kort", "ko\u200brt"))
    vectors.add("expired", case, at=NOW + LIFETIME)
    vectors.add("from the future", case, at=NOW - timedelta(minutes=6))
    vectors.add("from the test environment", vectors.seal(test=True))
    vectors.add("no receipt", case, log=LogEvidence(None))
    vectors.add("the log away", case, log=LogEvidence(None, reachable=False))
    vectors.add("a log the trust file does not list", case, trust="no logs")
    vectors.add("a trust file older than the seal", case, trust="older than the seals")
    vectors.add("the text's disclosure left out", replace(case, seal=case.without(Name.MSG)))
    vectors.add("the recipient's disclosure left out", replace(case, seal=case.without(Name.RCP_OPEN)))
    vectors.add("another guarantor's", vectors.seal(change=_elsewhere))


def _add_guessed(vectors: _Vectors) -> None:
    short = vectors.seal("Din kod är 4711.")
    bare = replace(short, seal=short.parsed.jws.text + "~")
    guesses = "Din kod är 4710.\n\nDin kod är 4711."
    vectors.add("a short part of a text nobody disclosed", bare, by_salt_key=True, text=guesses, found_by_code=True)
    vectors.add("a short part of a text that was disclosed", short, text=guesses)
    vectors.add("all of a short text nobody disclosed", bare, by_salt_key=True, found_by_code=True)
    h = format_base64url(canonical_h(short.text))
    for others, word in ((19, "twentieth"), (20, "twenty-first")):
        hashes = (*[some_hash(4)] * others, h)
        vectors.add(f"the {word} hash of a text nobody disclosed", bare, by_salt_key=True, text=None, hashes=hashes)


def _add_under_mandate(vectors: _Vectors) -> list[dict[str, str]]:
    """Add seals that one operator made for another (`act`); return those no parser may take."""
    case = vectors.seal(change=_by_another)
    vectors.add("sealed by another operator under a mandate", case)
    own = vectors.seal(change=lambda claims: replace(_by_another(claims), ai=AiClaim(system="svara", of_actor=True)))
    vectors.add("sealed under a mandate, written by the other operator's own AI system", own)
    vectors.add("sealed under a mandate, another text", case, text=case.text.replace("kort", "konto"))
    payload = format_claims(case.claims)
    actor, plain = payload["act"], {name: value for name, value in payload.items() if name != "act"}
    invented: list[tuple[str, dict[str, Any], str]] = [
        ("an actor of no guarantor", {"act": actor | {"sub": "https://other.example/registry/operators/k"}}, "sub is"),
        ("an actor that is the operator itself", {"act": actor | {"sub": payload["sub"]}}, "for itself"),
        ("an actor with an unknown member", {"act": actor | {"lvl": 2}}, "unknown members"),
        ("an actor without its mandate", {"act": {k: v for k, v in actor.items() if k != "mandate"}}, "lacks mandate"),
        ("a mandate in force after the seal", {"act": actor | {"since": payload["iat"] + 1}}, "before anything"),
        ("an AI system of nobody who acts", {"ai": payload["ai"] | {"of": "act"}}, "only where somebody does"),
        ("an AI system of somebody else", {"ai": payload["ai"] | {"of": "op"}}, "of is act"),
    ]
    return [
        {"name": name, "seal": sign_raw(header_of(), plain | changed) + "~", "says": says}
        for name, changed, says in invented
    ]


def _by_another(claims: SealClaims) -> SealClaims:
    return replace(claims, act=make_actor())


def _malformed(case: Case) -> list[dict[str, str]]:
    payload = format_claims(case.claims)
    first = case.disclosures[0].text
    jws = case.parsed.jws.text
    invented: list[tuple[str, str, str]] = [
        ("no tilde at the end", case.seal.removesuffix("~"), "ends in ~"),
        ("a key-binding token", case.seal + sign_raw({"alg": "ES256", "typ": "kb+jwt"}, {}), "key-binding"),
        ("a disclosure twice", f"{jws}~{first}~{first}~", "repeated"),
        ("a disclosure of another seal", f"{jws}~{make_case('Another').disclosures[0].text}~", "does not belong"),
        ("padding", f"{jws}~{first}=~", "base64url"),
        ("algorithm none", sign_raw(header_of(alg="none"), payload) + "~", "ES256"),
        ("another type of token", sign_raw(header_of(typ="JWT"), payload) + "~", "typ"),
        ("crit", sign_raw(header_of(crit=["exp"]), payload) + "~", "exactly alg, kid and typ"),
        ("a duplicate member", sign_raw(header_of(), _with_duplicate(payload)) + "~", "duplicate member"),
        ("an unknown claim", sign_raw(header_of(), payload | {"nbf": 1}) + "~", "unknown members"),
        ("another digest algorithm", sign_raw(header_of(), payload | {"_sd_alg": "sha-512"}) + "~", "sha-256"),
        ("seven digests", sign_raw(header_of(), payload | {"_sd": payload["_sd"][:7]}) + "~", "exactly 8"),
        ("a boolean position", sign_raw(header_of(), payload | {"conv": {"id": "c", "seq": True}}) + "~", "seq"),
    ]
    return [{"name": name, "seal": seal, "says": says} for name, seal, says in invented]


def _with_duplicate(payload: dict[str, Any]) -> bytes:
    return json.dumps(payload).replace('"ch": "chat"', '"ch": "chat", "ch": "sms"', 1).encode()


def _by_mail(claims: SealClaims) -> SealClaims:
    return replace(claims, ch=Channel.EMAIL)


def _elsewhere(claims: SealClaims) -> SealClaims:
    issuer = "https://other.example"
    return replace(claims, iss=issuer, aud=audience_of(issuer), sub=operator_url(issuer, OPERATOR_ID))


def _signed_as(case: Case, signature: bytes) -> str:
    jws = case.parsed.jws
    return case.seal.replace(jws.text, f"{jws.signing_input.decode()}.{format_base64url(signature)}")


def _flipped(signature: bytes) -> bytes:
    return signature[:-1] + bytes([signature[-1] ^ 1])


def _high_s(case: Case) -> bytes:
    signature = case.parsed.jws.signature
    return signature[:32] + (ORDER - int.from_bytes(signature[32:], "big")).to_bytes(32, "big")


def _private_jwk(signer: MemorySigner) -> dict[str, str]:
    numbers = signer.private_key.private_numbers()
    values: dict[str, int] = {"x": numbers.public_numbers.x, "y": numbers.public_numbers.y, "d": numbers.private_value}
    encoded = {name: format_base64url(number.to_bytes(32, "big")) for name, number in values.items()}
    return {"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": signer.kid} | encoded


if __name__ == "__main__":
    sys.stdout.write(json.dumps(seal_vectors(), indent=1) + "\n")
