"""Cosignatures: those of four public witnesses, which run others' software, and every way in which one can be wrong."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sigill.errors import MalformedKey, MalformedNote, SignatureInvalid
from sigill.tlog.cosignature import (
    MAX_TIME_S,
    Cosignature,
    WitnessKey,
    cosign,
    cosigned_message,
    format_witness_vkey,
    parse_witness_vkey,
    verify_cosignatures,
)
from sigill.tlog.note import NoteSignature, SignedNote, format_note, parse_note, parse_vkey, verify_note
from tests.builders_growing_log import MemoryCosigner, seeded

# A checkpoint of a public log, as it was served, and the published keys of the log and of four witnesses.
PUBLIC_NOTE = """\
arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==
— witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
— witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==
"""  # noqa: E501 - a signature line is one line
PUBLIC_LOG = "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
PUBLIC_WITNESSES = (
    "transparency.dev/DEV:witness-little-garden+d8042a87+BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM",
    "witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO",
    "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
    "witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv",
)
PUBLIC_TIME_S = 1779573024

BODY = "log.example/root\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n"
W1 = MemoryCosigner("witness.example/w1", seeded(3))
W2 = MemoryCosigner("witness.example/w2", seeded(4))
VKEY = format_witness_vkey(W1.witness)

names = st.from_regex(r"[a-zåäö0-9./:-]{1,30}", fullmatch=True)


def _cosigned(*cosigners: MemoryCosigner, time_s: int = 1000) -> SignedNote:
    return SignedNote(BODY, tuple(cosign(BODY, signer=each, time_s=time_s) for each in cosigners))


def test_public_witnesses_cosignatures_verify() -> None:
    note = parse_note(PUBLIC_NOTE)
    keys = [parse_witness_vkey(vkey) for vkey in PUBLIC_WITNESSES]
    assert verify_cosignatures(note, keys=keys) == tuple(Cosignature(key, PUBLIC_TIME_S) for key in keys)
    assert verify_note(note, keys=[parse_vkey(PUBLIC_LOG)]) == (parse_vkey(PUBLIC_LOG),)


def test_public_witnesses_cosign_no_other_size() -> None:
    note = parse_note(PUBLIC_NOTE.replace("1432088532", "1432088533"))
    for vkey in PUBLIC_WITNESSES:
        with pytest.raises(SignatureInvalid, match="does not verify"):
            verify_cosignatures(note, keys=[parse_witness_vkey(vkey)])


def test_what_is_signed_is_spelled_as_the_specification_shows() -> None:
    body = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    assert cosigned_message(body, time_s=1679315147).decode() == f"cosignature/v1\ntime 1679315147\n{body}"


def test_a_cosigned_checkpoint_is_read_back_and_verified() -> None:
    note = parse_note(format_note(_cosigned(W1, W2)))
    assert verify_cosignatures(note, keys=[W2.witness, W1.witness]) == (
        Cosignature(W1.witness, 1000),
        Cosignature(W2.witness, 1000),
    )


def test_lines_by_keys_nobody_knows_say_nothing() -> None:
    assert verify_cosignatures(_cosigned(W2), keys=[W1.witness]) == ()
    assert verify_cosignatures(_cosigned(W2), keys=[]) == ()


def test_a_log_s_own_signature_is_no_cosignature_even_with_the_witness_s_name_and_key() -> None:
    """The key ID holds the type, so one key under one name has two."""
    plain = parse_note(PUBLIC_NOTE).signatures[1]
    log = parse_vkey(PUBLIC_LOG)
    as_witness = WitnessKey(log.name, log.public_key)
    assert as_witness.key_id != log.key_id
    assert verify_cosignatures(SignedNote(BODY, (plain,)), keys=[as_witness]) == ()


def test_a_key_s_earliest_time_counts_where_it_cosigned_twice() -> None:
    lines = [cosign(BODY, signer=W1, time_s=time_s) for time_s in (2000, 1000, 3000)]
    found = verify_cosignatures(SignedNote(BODY, tuple(lines)), keys=[W1.witness])
    assert found == (Cosignature(W1.witness, 1000),)


def test_any_flipped_bit_of_a_cosigned_note_fails() -> None:
    data = format_note(_cosigned(W1)).encode()
    for position in range(8 * len(data)):
        changed = bytearray(data)
        changed[position // 8] ^= 1 << position % 8
        try:
            found = verify_cosignatures(parse_note(changed.decode()), keys=[W1.witness])
        except (SignatureInvalid, MalformedNote, UnicodeDecodeError):
            continue
        assert found == ()  # another name or key ID: a line by somebody unknown


@pytest.mark.parametrize("bad", [0, 2**63, 2**64 - 1])
def test_a_time_that_no_clock_shows_is_refused(bad: int) -> None:
    """Signed as it must be, so that only the time can be what is wrong."""
    with pytest.raises(ValueError, match="time of a cosignature"):
        cosign(BODY, signer=W1, time_s=bad)
    signature = bad.to_bytes(8, "big") + W1.sign(cosigned_message(BODY, time_s=bad))
    line = NoteSignature(W1.name, W1.witness.key_id, signature)
    with pytest.raises(SignatureInvalid, match="no time"):
        verify_cosignatures(SignedNote(BODY, (line,)), keys=[W1.witness])


@pytest.mark.parametrize("time_s", [1, MAX_TIME_S])
def test_the_first_and_the_last_second_can_be_cosigned(time_s: int) -> None:
    found = verify_cosignatures(_cosigned(W1, time_s=time_s), keys=[W1.witness])
    assert found == (Cosignature(W1.witness, time_s),)


@pytest.mark.parametrize("length", [1, 8, 64, 71, 73, 2428])
def test_a_field_of_another_length_is_no_cosignature(length: int) -> None:
    line = NoteSignature(W1.name, W1.witness.key_id, b"\x00" * 7 + b"\x01" * (length - 7 if length > 7 else 1))
    with pytest.raises(SignatureInvalid, match="a time and 64 bytes"):
        verify_cosignatures(SignedNote(BODY, (line,)), keys=[W1.witness])


def test_one_bad_line_of_a_known_witness_spoils_the_note() -> None:
    note = _cosigned(W1, W2)
    moved = NoteSignature(W2.name, W2.witness.key_id, note.signatures[0].signature)
    with pytest.raises(SignatureInvalid):
        verify_cosignatures(SignedNote(BODY, (note.signatures[0], moved)), keys=[W1.witness, W2.witness])


def test_a_key_that_is_no_point_verifies_nothing() -> None:
    broken = WitnessKey("witness.example/w1", b"\xff" * 32)
    line = NoteSignature(broken.name, broken.key_id, (1).to_bytes(8, "big") + bytes(64))
    with pytest.raises(SignatureInvalid):
        verify_cosignatures(SignedNote(BODY, (line,)), keys=[broken])


@given(st.builds(WitnessKey, names, st.binary(min_size=32, max_size=32)))
@settings(max_examples=50)
def test_reading_a_witness_s_key_inverts_writing_it(key: WitnessKey) -> None:
    assert parse_witness_vkey(format_witness_vkey(key)) == key


@given(st.text(max_size=40) | st.text(max_size=20).map(lambda text: f"w+{text}") | st.text().map(VKEY.__add__))
@example(VKEY[:-1])
@example(VKEY + "\n")
@example(PUBLIC_LOG)
@settings(max_examples=200)
def test_any_text_is_a_witness_s_key_in_its_one_spelling_or_malformed(text: str) -> None:
    try:
        key = parse_witness_vkey(text)
    except MalformedKey:
        return
    assert format_witness_vkey(key) == text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (VKEY.replace(f"+{W1.witness.key_id.hex()}+", "+00000000+"), "not its own"),
        (VKEY.replace(f"+{W1.witness.key_id.hex()}+", f"+{W1.witness.key_id.hex().upper()}+"), "not its own"),
        (VKEY.replace("w1+", "w2+"), "not its own"),
        (PUBLIC_LOG, "type 04"),
        (VKEY + "=", "standard base64"),
        ("witness.example/w1", "<name>"),
        (VKEY.replace("witness.example/w1", "a b"), "<name>"),
        (VKEY.replace("witness.example/w1", ""), "<name>"),
    ],
)
def test_a_witness_s_key_says_what_is_wrong_with_it(text: str, says: str) -> None:
    with pytest.raises(MalformedKey, match=says):
        parse_witness_vkey(text)
