"""The statement and the JWS around it: one spelling, strict, bounded."""

from datetime import UTC, datetime

import jwt
import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import example, given
from hypothesis import strategies as st

from sigill.application.algorithms import SealPrivateKey, algorithm_of, check_signature, join_ecdsa, sign
from sigill.application.signed import MAX_JWS_CHARACTERS, format_application, make_signing_input, parse_application
from sigill.application.statement import ApplicationStatement, format_statement, parse_statement
from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import format_canonical_json, parse_json
from sigill.errors import MalformedEncoding, MalformedKey, SignatureInvalid

STATEMENT = ApplicationStatement(
    guarantor="https://guarantor.example",
    operator="exempelbanken",
    identifier="NTRSE-5560160680",
    name="Exempelbanken – Åland",
    domains=("bank.example", "exempelbanken.example"),
    keys=("a" * 43,),
    nonce="n" * 22,
    signed_at=datetime(2026, 11, 29, 7, 0, tzinfo=UTC),
)
GOOD = format_statement(STATEMENT)
KEYS: dict[str, SealPrivateKey] = {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
    "PS256": rsa.generate_private_key(65537, 2048),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
HEADER = {"alg": "ES256", "typ": "sigill-application+jws", "x5c": ["AQI="]}


def changed(**members: object) -> bytes:
    value = {**parse_json(GOOD, max_bytes=10_000), **members}
    return format_canonical_json({name: member for name, member in value.items() if member is not ...})


def jws(header: object, *, payload: bytes = GOOD, signature: bytes = b"\1") -> str:
    data = f"{format_base64url(format_canonical_json(header))}.{format_base64url(payload)}"  # type: ignore[arg-type]
    return f"{data}.{format_base64url(signature)}"


def test_a_statement_comes_back_as_it_was() -> None:
    assert parse_statement(GOOD) == STATEMENT


def test_another_implementation_of_rfc_8785_spells_it_the_same() -> None:
    assert rfc8785.dumps(parse_json(GOOD, max_bytes=10_000)) == GOOD


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        GOOD + b"\n",
        GOOD.replace(b",", b", ", 1),
        b"{" + b" " * 20_000 + GOOD[1:],
        changed(v=2),
        changed(v=True),
        changed(v=...),
        changed(more="x"),
        changed(nonce="short"),
        changed(nonce="!" * 22),
        changed(iat="now"),
        changed(iat=True),
        changed(iat=-1),
        changed(iat=2**50),
        changed(name=""),
        changed(name="x" * 301),
        changed(name="Exempel\u202ebanken"),
        changed(name="two\nlines"),
        changed(domains="bank.example"),
        changed(domains=["b.example", "a.example"]),
        changed(domains=["a.example", "a.example"]),
        changed(domains=[f"{number}.example" for number in range(51)]),
        changed(keys=[1]),
    ],
)
def test_every_other_spelling_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedEncoding):
        parse_statement(data)


@given(st.binary(max_size=300))
@example(GOOD)
def test_nothing_but_malformed_comes_out_of_a_statement(data: bytes) -> None:
    try:
        statement = parse_statement(data)
    except MalformedEncoding:
        return
    assert format_statement(statement) == data


@pytest.mark.parametrize("alg", KEYS)
def test_pyjwt_reads_what_we_sign_and_we_read_what_it_signs(alg: str) -> None:
    key = KEYS[alg]
    data = make_signing_input(GOOD, alg=alg, chain=[b"\1\2"])
    ours = format_application(data, sign(key, data))
    assert algorithm_of(key.public_key()) == alg
    assert jwt.PyJWS().decode(ours, key.public_key(), algorithms=[alg]) == GOOD
    theirs = parse_application(
        jwt.PyJWS().encode(GOOD, key, algorithm=alg, headers={"typ": HEADER["typ"], "x5c": HEADER["x5c"]})
    )
    assert theirs.payload == GOOD
    check_signature(key.public_key(), alg=theirs.alg, signature=theirs.signature, message=theirs.signing_input)


@pytest.mark.parametrize("alg", KEYS)
def test_a_signature_counts_under_its_own_key_algorithm_and_message_only(alg: str) -> None:
    key = KEYS[alg].public_key()
    signature = sign(KEYS[alg], b"message")
    check_signature(key, alg=alg, signature=signature, message=b"message")
    wrong = [(other, signature, b"message") for other in (*KEYS, "none", "HS256", "RS256") if other != alg]
    wrong += [(alg, signature, b"other"), (alg, b"", b"message"), (alg, signature + b"\0", b"message")]
    wrong += [(alg, bytes([signature[0] ^ 1, *signature[1:]]), b"message"), (alg, bytes(len(signature)), b"message")]
    for name, given_signature, message in wrong:
        with pytest.raises(SignatureInvalid):
            check_signature(key, alg=name, signature=given_signature, message=message)


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP521R1()),
        ec.generate_private_key(ec.SECP256K1()),
        rsa.generate_private_key(65537, 1024),  # noqa: S505 - weak on purpose
    ],
)
def test_other_kinds_of_key_sign_nothing(key: SealPrivateKey) -> None:
    with pytest.raises(MalformedKey):
        sign(key, b"message")


def test_a_signature_that_is_not_der_is_not_joined() -> None:
    for junk in (b"", b"\x30\x00", bytes(64)):
        with pytest.raises(SignatureInvalid):
            join_ecdsa(junk, KEYS["ES256"].public_key())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b",
        "a.b.c.d",
        "\ud800.x.y",
        "x" * (MAX_JWS_CHARACTERS + 1),
        jws([]),
        jws({**HEADER, "crit": ["b64"]}),
        jws({**HEADER, "crit": ["b64"], "b64": False}),
        jws({**HEADER, "jwk": {}}),
        jws({**HEADER, "x5u": "https://x.example"}),
        jws({**HEADER, "alg": None}),
        jws({**HEADER, "alg": "ES256\n"}),
        jws({**HEADER, "typ": "JWT"}),
        jws({**HEADER, "x5c": []}),
        jws({**HEADER, "x5c": "AQI="}),
        jws({**HEADER, "x5c": [1]}),
        jws({**HEADER, "x5c": ["AQI"]}),
        jws({**HEADER, "x5c": ["AQI="] * 11}),
        jws(HEADER) + "=",
    ],
)
def test_a_jws_of_another_form_is_malformed(text: str) -> None:
    with pytest.raises(MalformedEncoding):
        parse_application(text)


@given(st.text(max_size=200) | st.text(alphabet="abcXYZ019-_.", max_size=200))
def test_nothing_but_malformed_comes_out_of_a_jws(text: str) -> None:
    with pytest.raises(MalformedEncoding):
        parse_application(text)
