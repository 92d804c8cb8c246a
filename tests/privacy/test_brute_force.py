"""A million and a half guesses at what was said, to whom, on what facts, against all but the keys: nothing is found.

The same search with the salt key finds each of them, so it would find them if they were there.
"""

import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice, product
from string import ascii_lowercase
from typing import Any, Final

import pytest

from policies.tables import decision_bodies, decisions
from registry.model import OperatorId, Role
from sigill.encoding.base64url import format_base64url, parse_base64url
from sigill.encoding.strict_json import format_canonical_json
from sigill.seal.disclosures import AddressType, Name, derive_salt, make_disclosure
from sigill.seal.recipient import recipient_message
from sigill.tlog.tiles import Bundle, format_path
from sigill.vocabulary import Authorship, Channel, Direction, Enquiry, Purpose, WithdrawalReason
from signing.withdraw import withdraw
from storage.forget import empty_wal
from storage.metadata import metadata
from tests.builders_deployment import Deployment, deploy
from tests.builders_privacy import BANK, erase_it, rows
from tests.builders_thief import Loot
from transparency.tables import records

pytestmark = pytest.mark.slow

TEXTS: Final = ("Ja", "Yes", "4711", "Nej tack.")
PHONE: Final = "+46701234567"
REFERENCE: Final = "chat-4711"
NOTE: Final = "note 4711"
ANSWERS: Final = (
    *("ja", "nej", "yes", "no", "ok", "okej", "jo", "absolut", "gärna", "tack", "stämmer", "godkänn", "godkänt"),
    *("avslag", "avslås", "beviljas", "beviljat", "kanske", "senare", "idag", "imorgon", "positivt", "negativt"),
    *("approved", "denied", "accepted", "rejected", "true", "false"),
)


@dataclass(frozen=True)
class Stolen:
    """The loot: everything, and what auditors and log collectors have; what was sealed, and the one that was erased."""

    made: Deployment
    everything: Loot
    logs_and_bundles: Loot
    sealed: tuple[dict[str, Any], ...]
    erased: dict[str, Any]
    salt_key: bytes


def texts() -> Iterator[str]:
    """Yield short texts: letters up to four, numbers of four and five digits, common answers in usual spellings."""
    for length in (1, 2, 3, 4):
        for letters in product(ascii_lowercase, repeat=length):
            yield "".join(letters)
    for length in (1, 2, 3):
        for letters in product(ascii_lowercase, repeat=length):
            yield "".join(letters).capitalize()
    for length in (4, 5):
        yield from (f"{number:0{length}}" for number in range(10**length))
    for word, spell, end in product(ANSWERS, (str.lower, str.capitalize, str.upper), ("", ".", "!", " tack", " tack.")):
        yield spell(word) + end


def phones() -> Iterator[str]:
    """Yield Swedish mobile numbers."""
    return (f"+467012{number:05}" for number in range(100_000))


def more_phones() -> Iterator[str]:
    """Yield a million more."""
    return (f"+4673{number:07}" for number in range(1_000_000))


def say_everything(made: Deployment) -> tuple[dict[str, Any], ...]:
    """Do what puts anything about messages into rows and logs: seal, verify, talk, refuse, withdraw, erase."""
    key = {"Authorization": f"Bearer {made.keys[BANK]}"}
    sealed = []
    for number, text in enumerate(TEXTS):
        body: dict[str, Any] = {
            "authorship": "human",
            "channel": "sms",
            "enquiry": "complaint",
            "text": text,
            "agent": "agent-7",
        }
        body |= {"recipient": PHONE, "conversation": REFERENCE, "customer": {"vulnerable": True}}
        headers = key | {"Idempotency-Key": f"key-{number}"}
        response = made.client.post("/v1/messages", json=body, headers=headers)
        assert response.status_code == 201, response.get_data(as_text=True)
        sealed.append(response.get_json())
        assert made.client.post("/v1/messages", json=body, headers=headers).status_code == 201
        asked = {"code": sealed[-1]["code"], "content": text, "recipient": PHONE}
        assert made.verify(**asked)["answer"] == "genuine"
        assert made.verify(**asked | {"content": "Ja."})["answer"] == "not_genuine"
    refused = made.sign(authorship="ai", enquiry="credit_decision", text=TEXTS[0], recipient=PHONE)
    assert refused.status_code == 403
    assert made.sign(text=TEXTS[0], recipient="+46", conversation=REFERENCE).status_code == 422
    address = f"/v1/conversations/{sealed[0]['conversation']['id']}/events"
    assert made.client.post(address, json={"kind": "human_requested"}, headers=key).status_code == 201
    reason = WithdrawalReason.WRONG_RECIPIENT
    withdraw(sealed[1]["id"], operator_id=BANK, reason=reason, note=NOTE, world=made.services.signing)
    erase_it(made, sealed[-1]["id"])
    return tuple(sealed)


@pytest.fixture(scope="module")
def stolen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stolen]:
    """Everything there is but the keys: the file with its WAL, all rows, entry bundles, and every line of every log."""
    lines: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.getMessage()} {record.args!r} {record.exc_info!r}")

    root, collector = logging.getLogger(), Collector()
    before = root.level
    root.addHandler(collector)
    root.setLevel(logging.DEBUG)
    folder = tmp_path_factory.mktemp("stolen")
    made = deploy(folder)
    try:
        sealed = say_everything(made)
    finally:
        root.removeHandler(collector)
        root.setLevel(before)
    key = made.new_key(role=Role.AUDITOR, operator_id=OperatorId(BANK))
    head = made.services.log.head(BANK)
    assert head is not None
    path = f"/log/{BANK}/{format_path(Bundle(0, head.size))}"
    bundle = made.client.get(path, headers={"Authorization": f"Bearer {key}"}).data
    assert len(bundle) > 60 * head.size
    open_to_some = [bundle, "\n".join(lines).encode("utf-8", "replace")]
    database = [path.read_bytes() for path in (folder / "var").glob("*") if path.is_file()]
    assert any(part.startswith(b"SQLite format 3") for part in database)
    (salt_key,) = [path.read_bytes() for path in (folder / "var" / "keys" / "salts" / BANK).iterdir()]
    everything = Loot([*open_to_some, *database, *_values(made)])
    assert not everything.holds(salt_key)
    yield Stolen(made, everything, Loot(open_to_some), sealed[:-1], sealed[-1], salt_key)
    made.services.engine.dispose()


def _values(made: Deployment) -> Iterator[bytes]:
    for table in metadata.sorted_tables:
        for row in rows(made, table):
            for value in row.values():
                yield value if isinstance(value, bytes) else str(value).encode()


def hashes_of(text: str) -> Iterator[bytes]:
    """Yield what the format hashes of a text, without the salt; and the text itself."""
    data = text.encode()
    plain, exact = hashlib.sha256(b"nu1\n" + data).digest(), hashlib.sha256(data).digest()
    yield plain
    yield exact
    if len(data) > 8:  # shorter ones stand in anything: "accepted" is in the name of a column
        yield data


def hashes_of_address(address: str, jtis: tuple[str, ...]) -> Iterator[bytes]:
    """Yield the address in its spellings and what the format hashes of it, with everything but the key."""
    data = address.encode()
    yield data
    yield b"0" + data[3:]
    yield data[1:]
    yield hashlib.sha256(data).digest()
    for jti in jtis:
        message = recipient_message(jti=jti.encode(), kind=AddressType.TEL, address=address)
        yield hashlib.sha256(message).digest()
        yield hmac.digest(jti.encode(), message, "sha256")


def test_half_a_million_texts_and_a_million_numbers_are_guessed_and_the_true_ones_are_among_them() -> None:
    guesses = set(texts())
    assert set(TEXTS) <= guesses
    assert PHONE in set(phones())
    assert len(guesses) > 500_000


def test_no_text_is_found_without_the_salt_key(stolen: Stolen) -> None:
    assert [text for text in texts() if stolen.everything.has_any(hashes_of(text))] == []


def test_no_phone_number_is_found_without_the_salt_key(stolen: Stolen) -> None:
    jtis = tuple(seal["id"] for seal in stolen.sealed)
    found = [each for each in phones() if stolen.everything.has_any(hashes_of_address(each, jtis))]
    found += [each for each in more_phones() if stolen.everything.has_any(hashes_of_address(each, ()))]
    assert found == []


def salted(seal: dict[str, Any], key: bytes) -> Callable[[str], bytes]:
    """Return what `_sd` would hold of a text, under a salt key."""
    salt = derive_salt(key, jti=seal["id"], name=Name.MSG.value)

    def digest(text: str) -> bytes:
        h = hashlib.sha256(b"nu1\n" + text.encode()).digest()
        value = {"canon": "nu1", "h": format_base64url(h)}
        return parse_base64url(make_disclosure(Name.MSG, value, salt=salt).digest)

    return digest


def test_with_the_salt_key_the_same_search_finds_every_text(stolen: Stolen) -> None:
    for seal, text in zip(stolen.sealed, TEXTS, strict=False):
        digest = salted(seal, stolen.salt_key)
        guesses = [*islice(texts(), 2000), "Nej", "4712", *TEXTS]
        assert {each for each in guesses if stolen.everything.holds(digest(each))} == {text}


def test_with_another_salt_key_it_finds_none(stolen: Stolen) -> None:
    digest = salted(stolen.sealed[0], bytes(32))
    assert [each for each in islice(texts(), 50_000) if stolen.everything.holds(digest(each))] == []


def test_with_the_salt_key_the_same_search_finds_the_number(stolen: Stolen) -> None:
    jti = stolen.sealed[0]["id"].encode()

    def commitment(address: str) -> bytes:
        message = recipient_message(jti=jti, kind=AddressType.TEL, address=address)
        return hmac.digest(stolen.salt_key, message, "sha256")

    assert [each for each in phones() if stolen.everything.holds(commitment(each))] == [PHONE]


def test_an_erased_text_is_not_found_with_the_salt_key_either(stolen: Stolen) -> None:
    digest = salted(stolen.erased, stolen.salt_key)(TEXTS[3])
    assert stolen.everything.holds(digest)  # the control: in the write-ahead log it still is
    assert empty_wal(stolen.made.services.engine)  # as the worker does
    var = stolen.made.services.settings.var
    left = Loot([*(path.read_bytes() for path in var.glob("sigill.db*")), *_values(stolen.made)])
    assert left.holds(salted(stolen.sealed[0], stolen.salt_key)(TEXTS[0]))
    for gone in (digest, stolen.erased["id"].encode(), TEXTS[3].encode()):
        assert not left.holds(gone)


# --- facts ---


def all_facts(stolen: Stolen) -> Iterator[bytes]:
    """Yield every combination of what an operator may declare, around the facts that were."""
    bodies = [json.loads(row["facts"]) for row in rows(stolen.made, decision_bodies)]
    words = product(Enquiry, Authorship, Channel, Direction, Purpose, (True, False))
    for enquiry, authorship, channel, direction, purpose, vulnerable in words:
        declared = {"enquiry": enquiry, "authorship": authorship, "channel": channel, "direction": direction}
        for body in bodies:
            yield format_canonical_json(body | declared | {"purpose": purpose, "vulnerable": vulnerable})


def test_no_facts_are_found_in_logs_and_entry_bundles(stolen: Stolen) -> None:
    loot = stolen.logs_and_bundles
    tried, found = 0, 0
    for facts in all_facts(stolen):
        guesses = (facts, hashlib.sha256(facts).digest(), hashlib.sha256(bytes(16) + facts).digest())
        tried, found = tried + 1, found + loot.has_any(guesses)
    assert (tried > 20_000, found) == (True, 0)
    for word in ("complaint", "credit_decision", "vulnerable", "wrong_recipient", REFERENCE, NOTE, "agent-7", "key-1"):
        assert not loot.holds(word.encode()), word


def test_with_the_salt_of_its_row_the_same_search_finds_the_facts(stolen: Stolen) -> None:
    salts = [row["facts_salt"] for row in rows(stolen.made, decisions)]
    guesses = (hashlib.sha256(salt + facts).digest() for facts in all_facts(stolen) for salt in salts)
    assert stolen.everything.has_any(guesses)


def test_no_record_is_found_in_entry_bundles_without_its_salt(stolen: Stolen) -> None:
    kept = [row["body"] for row in rows(stolen.made, records)]
    assert len(kept) >= 3
    for body in kept:
        assert stolen.logs_and_bundles.holds(hashlib.sha256(body).digest())  # the control
        value = json.loads(body)
        del value["salt"]
        for without in (value, value | {"salt": ""}, value | {"salt": "A" * 22}):
            assert not stolen.logs_and_bundles.holds(hashlib.sha256(format_canonical_json(without)).digest())


def test_keys_and_references_are_found_under_their_key_alone(stolen: Stolen) -> None:
    key = stolen.made.services.keys.reference
    guesses = [f"conv1\n{BANK}\nchat-{number}".encode() for number in range(10_000)]
    guesses += [f"key1\n{BANK}\nmessages\nkey-{number}".encode() for number in range(10_000)]
    assert not stolen.everything.has_any(hashlib.sha256(each).digest() for each in guesses)
    control = [each for each in guesses if stolen.everything.holds(hmac.digest(key, each, "sha256")[:24])]
    assert len(control) == 1 + len(TEXTS)


def test_the_loot_is_what_lies_in_the_folder(stolen: Stolen) -> None:
    names = {path.name for path in stolen.made.services.settings.var.iterdir()}
    assert "sigill.db" in names
    assert stolen.everything.holds(stolen.sealed[0]["id"].encode())
    assert stolen.everything.holds(b"exempelbanken")
