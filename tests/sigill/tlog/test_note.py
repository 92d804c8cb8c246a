"""The note and its key: the example of https://c2sp.org/signed-note, which Go's golang.org/x/mod/sumdb/note made."""

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sigill.errors import MalformedKey, MalformedNote, SignatureInvalid
from sigill.tlog.note import (
    NoteSignature,
    NoteSigner,
    SignedNote,
    VerifierKey,
    format_note,
    format_vkey,
    is_key_name,
    parse_note,
    parse_vkey,
    sign_note,
    verify_note,
)

SPEC_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SPEC_SIGNATURE = "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
SPEC_NOTE = f"This is an example message.\n\n— example.com/foo {SPEC_SIGNATURE}\n"

Named = Callable[..., NoteSigner]
names = st.from_regex(r"[a-zåäö0-9./:-]{1,30}", fullmatch=True)
texts = st.lists(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), max_size=20), max_size=5).map(
    lambda lines: "\n".join(lines) + "\n"
)
signatures = st.builds(NoteSignature, names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80))
notes = st.builds(SignedNote, texts, st.lists(signatures, min_size=1, max_size=4).map(tuple))


def test_the_note_of_the_specification_verifies() -> None:
    key = parse_vkey(SPEC_VKEY)
    note = parse_note(SPEC_NOTE)
    assert verify_note(note, keys=[key]) == (key,)
    assert note.text == "This is an example message.\n"
    assert (format_note(note), format_vkey(key), key.key_id.hex()) == (SPEC_NOTE, SPEC_VKEY, "530d903a")


def test_a_signed_note_verifies_under_the_signer_s_key(signer_named: Named) -> None:
    signers = [signer_named("log.example"), signer_named("witness.example", 2)]
    note = parse_note(sign_note("one\n\ntwo\n", signers))
    assert note.text == "one\n\ntwo\n"
    assert verify_note(note, keys=[signer.verifier for signer in signers]) == tuple(s.verifier for s in signers)


def test_one_key_under_two_names_has_two_key_ids(signer_named: Named) -> None:
    first, second = signer_named("log.example/a"), signer_named("log.example/b")
    assert first.verifier.public_key == second.verifier.public_key
    assert first.verifier.key_id != second.verifier.key_id
    with pytest.raises(SignatureInvalid):
        verify_note(parse_note(sign_note("x\n", [first])), keys=[second.verifier])


def test_signatures_by_unknown_keys_are_ignored(signer_named: Named) -> None:
    known, unknown = signer_named("log.example"), signer_named("other.example", 2)
    note = parse_note(sign_note("x\n", [unknown, known, known]))
    assert verify_note(note, keys=[known.verifier]) == (known.verifier,)


def test_a_note_that_no_known_key_signed_is_not_verified(signer_named: Named) -> None:
    note = parse_note(sign_note("x\n", [signer_named("log.example")]))
    with pytest.raises(SignatureInvalid, match="no signature by a known key"):
        verify_note(note, keys=[])


def test_one_bad_signature_by_a_known_key_spoils_the_note(signer_named: Named) -> None:
    good, bad = signer_named("log.example"), signer_named("other.example", 2)
    note = parse_note(sign_note("x\n", [good, bad]))
    forged = NoteSignature(bad.verifier.name, bad.verifier.key_id, bytes(64))
    with pytest.raises(SignatureInvalid, match="does not verify"):
        verify_note(SignedNote(note.text, (note.signatures[0], forged)), keys=[good.verifier, bad.verifier])


@pytest.mark.parametrize("length", [1, 63, 65])
def test_a_signature_of_another_length_does_not_verify(signer_named: Named, length: int) -> None:
    key = signer_named("log.example").verifier
    note = SignedNote("x\n", (NoteSignature(key.name, key.key_id, bytes(length)),))
    with pytest.raises(SignatureInvalid):
        verify_note(note, keys=[key])


def test_any_flipped_bit_of_a_note_with_one_signature_fails() -> None:
    key = parse_vkey(SPEC_VKEY)
    data = SPEC_NOTE.encode()
    for position in range(8 * len(data)):
        changed = bytearray(data)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises((SignatureInvalid, MalformedNote, UnicodeDecodeError)):
            verify_note(parse_note(changed.decode()), keys=[key])


@given(notes)
@settings(max_examples=100)
def test_reading_a_note_inverts_writing_it(note: SignedNote) -> None:
    assert parse_note(format_note(note)) == note


@given(st.text(st.sampled_from("a\n— +A=\r\x00\ud800"), max_size=30))
@example("x\n\n— a AAAAAAA=\n")
@example("x\n\n— a AAAAAAB=\n")
@example("x\n\n— a AAAAAA==\n")
@example("x\n\n— a AAAAAAA\n")
@example("x\n\n— a\u00a0b AAAAAAA=\n")
@example("x\n\n— a AAAAAAA=\n\n")
@example("x\n\n— a AAAAAAA=")
@example("x\n\n- a AAAAAAA=\n")
@example("x\n\n")
@example("x\r\n\r\n— a AAAAAAA=\n")
@settings(max_examples=200)
def test_anything_but_the_canonical_spelling_of_a_note_is_malformed(text: str) -> None:
    try:
        note = parse_note(text)
    except MalformedNote:
        return
    assert format_note(note) == text


def test_a_note_is_split_at_its_last_empty_line() -> None:
    assert parse_note("a\n\n\n— k AAAAAAA=\n").text == "a\n\n"


def test_64_signatures_are_read_and_no_more() -> None:
    line = "— k AAAAAAA=\n"
    assert len(parse_note("x\n\n" + 64 * line).signatures) == 64
    with pytest.raises(MalformedNote, match="65 signatures"):
        parse_note("x\n\n" + 65 * line)


def test_a_note_of_more_than_a_million_characters_is_not_read() -> None:
    with pytest.raises(MalformedNote, match="too long"):
        parse_note("x" * 1_000_001)


@pytest.mark.parametrize("text", ["no newline", "bell\x07\n", "lone \ud800\n", "carriage\r\n", ""])
def test_a_text_that_could_not_be_read_back_is_not_signed(signer_named: Named, text: str) -> None:
    with pytest.raises(MalformedNote):
        sign_note(text, [signer_named("log.example")])


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u2003b", "a\nb", "a\x00", "a\ud800", "x" * 256])
def test_not_every_string_can_name_a_key(name: str) -> None:
    assert not is_key_name(name)


@given(st.builds(VerifierKey, names, st.binary(min_size=32, max_size=32)))
@settings(max_examples=50)
def test_reading_a_verifier_key_inverts_writing_it(key: VerifierKey) -> None:
    assert parse_vkey(format_vkey(key)) == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com/foo+530d903a",
        SPEC_VKEY.replace("530d903a", "530D903A"),
        SPEC_VKEY.replace("530d903a", "530d903b"),
        SPEC_VKEY.replace("example.com/foo", "example.com/bar"),
        SPEC_VKEY.replace("example.com/foo", ""),
        SPEC_VKEY + "=",
        SPEC_VKEY[:-4],
        SPEC_VKEY.replace("+Aeky", "+Beky"),
        SPEC_VKEY.replace("+Aeky", "+A ky"),
        SPEC_VKEY + "\n",
    ],
)
def test_a_verifier_key_with_any_other_spelling_is_malformed(text: str) -> None:
    with pytest.raises(MalformedKey):
        parse_vkey(text)
