from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sigill.errors import MalformedNote, SignatureInvalid
from sigill.tlog.checkpoint import (
    Checkpoint,
    format_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
    verify_checkpoint,
)
from sigill.tlog.note import NoteSigner, sign_note
from sigill.tlog.tree import EMPTY_ROOT

Named = Callable[..., NoteSigner]
ROOT = "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg="
BODY = f"log.example/op/1\n8\n{ROOT}\n"
CHECKPOINT = parse_checkpoint(BODY)
lines = st.text(st.characters(min_codepoint=33, exclude_categories=["Cs"]), min_size=1, max_size=10)
checkpoints = st.builds(
    Checkpoint,
    st.from_regex(r"[a-z0-9./]{1,20}", fullmatch=True),
    st.integers(1, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
    st.lists(lines, max_size=2).map(tuple),
)


def test_a_checkpoint_is_origin_size_and_root_on_three_lines() -> None:
    assert CHECKPOINT.size == 8
    assert format_checkpoint(CHECKPOINT) == BODY


@given(checkpoints)
@settings(max_examples=100)
def test_reading_a_checkpoint_inverts_writing_it(checkpoint: Checkpoint) -> None:
    assert parse_checkpoint(format_checkpoint(checkpoint)) == checkpoint


@given(st.text(st.sampled_from("a1\n+ =A"), max_size=20))
@example(f"log.example\n+5\n{ROOT}\n")
@example(f"log.example\n05\n{ROOT}\n")
@example(f"log.example\n٥\n{ROOT}\n")
@example(f"log.example\n9223372036854775808\n{ROOT}\n")
@example(f"log.example\n5\n{ROOT[:-1]}\n")
@example("log.example\n5\nAAAA\n")
@example(f"log example\n5\n{ROOT}\n")
@example(f"log.example\n5\n{ROOT}\n\nlater\n")
@example(f"log.example\n5\n{ROOT}\na\rb\n")
@example(f"log.example\n5\n{ROOT}")
@example(f"log.example\n0\n{ROOT}\n")
@settings(max_examples=200)
def test_anything_but_the_canonical_spelling_of_a_checkpoint_is_malformed(text: str) -> None:
    try:
        parsed = parse_checkpoint(text)
    except MalformedNote:
        return
    assert format_checkpoint(parsed) == text


@pytest.mark.parametrize("size", ["+5", "05", "٥", "9223372036854775808", "0", "-1", "", "5 "])
def test_a_size_has_one_spelling(size: str) -> None:
    with pytest.raises(MalformedNote):
        parse_checkpoint(f"log.example\n{size}\n{ROOT}\n")


def test_the_checkpoint_of_an_empty_log_has_the_empty_root() -> None:
    empty = Checkpoint("log.example", 0, EMPTY_ROOT)
    assert parse_checkpoint(format_checkpoint(empty)) == empty


def test_extension_lines_are_kept_but_hold_no_control_characters() -> None:
    assert parse_checkpoint(BODY + "more\n").extensions == ("more",)
    with pytest.raises(MalformedNote, match="control"):
        parse_checkpoint(BODY + "a\tb\n")


def test_a_signed_checkpoint_verifies_for_its_origin(signer_named: Named) -> None:
    signer = signer_named("log.example/op/1")
    note = sign_checkpoint(CHECKPOINT, signer=signer)
    assert verify_checkpoint(note, origin="log.example/op/1", keys=[signer.verifier]) == CHECKPOINT


def test_a_checkpoint_of_another_log_is_refused(signer_named: Named) -> None:
    signer = signer_named("log.example/op/1")
    note = sign_checkpoint(CHECKPOINT, signer=signer)
    with pytest.raises(SignatureInvalid, match="another log"):
        verify_checkpoint(note, origin="log.example/op/2", keys=[signer.verifier])


def test_a_key_of_another_log_does_not_count(signer_named: Named) -> None:
    other = signer_named("log.example/op/2")
    note = sign_note(BODY, [other])
    with pytest.raises(SignatureInvalid, match="no signature"):
        verify_checkpoint(note, origin="log.example/op/1", keys=[other.verifier])


def test_a_log_signs_only_under_its_own_origin(signer_named: Named) -> None:
    with pytest.raises(ValueError, match="own origin"):
        sign_checkpoint(CHECKPOINT, signer=signer_named("log.example/op/2"))
    own, other = signer_named("log.example/op/1"), signer_named("log.example/op/2")
    with pytest.raises(ValueError, match="own origin"):
        sign_checkpoint(CHECKPOINT, signer=own, beside=[other])


def test_a_checkpoint_signed_by_two_keys_is_believed_by_who_knows_either(signer_named: Named) -> None:
    new, old, stranger = (signer_named("log.example/op/1", seed=seed) for seed in (1, 2, 3))
    note = sign_checkpoint(CHECKPOINT, signer=new, beside=[old])
    assert note.startswith(sign_checkpoint(CHECKPOINT, signer=new))
    for known in ([new], [old], [old, new], [stranger, old]):
        keys = [each.verifier for each in known]
        assert verify_checkpoint(note, origin="log.example/op/1", keys=keys) == CHECKPOINT
    with pytest.raises(SignatureInvalid):
        verify_checkpoint(note, origin="log.example/op/1", keys=[stranger.verifier])


def test_a_checkpoint_verified_once_is_not_verified_for_other_keys_or_names(signer_named: Named) -> None:
    signer, other = signer_named("log.example/op/1"), signer_named("log.example/op/1", seed=2)
    note = sign_checkpoint(CHECKPOINT, signer=signer)
    for _ in range(2):
        keys = [signer.verifier]
        assert verify_checkpoint(note, origin="log.example/op/1", keys=keys) == CHECKPOINT
        for origin, wrong in (
            ("log.example/op/1", [other.verifier]),
            ("log.example/op/2", keys),
            ("log.example/op/1", []),
        ):
            with pytest.raises(SignatureInvalid):
                verify_checkpoint(note, origin=origin, keys=wrong)
        with pytest.raises(SignatureInvalid):
            verify_checkpoint(note.replace("\n8\n", "\n9\n"), origin="log.example/op/1", keys=keys)


def test_a_checkpoint_of_many_lines_is_verified_too(signer_named: Named) -> None:
    signer = signer_named("log.example/op/1")
    long = Checkpoint(CHECKPOINT.origin, CHECKPOINT.size, CHECKPOINT.root, ("x" * 5000,))
    note = sign_checkpoint(long, signer=signer)
    assert verify_checkpoint(note, origin=long.origin, keys=[signer.verifier]) == long
    with pytest.raises(SignatureInvalid):
        verify_checkpoint(note.replace("x\n", "y\n"), origin=long.origin, keys=[signer.verifier])
