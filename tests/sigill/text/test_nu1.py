import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sigill.errors import Malformed, NotCanonicalisable
from sigill.text.carrier import embed, format_carrier
from sigill.text.codes import Code, make_code
from sigill.text.nu1 import MAX_TEXT_BYTES, Finding, HiddenCharacters, Kind, canonical_h, canonicalise, exact
from sigill.vocabulary import Channel

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "nu1.json").read_text(encoding="utf-8"))["cases"]
CODE = Code("7K3F9Q2MXT4B")

# Characters that meet in trouble: line ends, blanks, marks, emoji, joiners, carriers and halves of them, code lines.
PIECES = st.sampled_from(
    [
        *"ab1#*K\u212a ",
        *"\t\r\n\x0b\x85\u2028\xa0\u3000",
        *"\u0301\u030a\u0dd9\u0dca\u0d9a\u094d\u0915\u0628\u0650\u05e9",
        *"\u200b\u200c\u200d\ufe0e\ufe0f\u20e3\u2764\U0001f468\U0001f3f4\U000e0067\U000e007f\ufeff\u202e\ud800\ue000\x1f",
        "\r\n",
        format_carrier(CODE),
        format_carrier(CODE)[:7],
        format_carrier(CODE)[7:],
        "\nSigill 7K3F-9Q2M-XT4B",
        "Sigill \u212a\u212a3F-9Q2M-XT4B\n",
        "\nhttps://a.example/s/7K3F9Q2MXT4B\n",
    ]
)
TEXTS = st.one_of(st.lists(PIECES, max_size=20).map("".join), st.text())
CODES = st.binary(min_size=8, max_size=8).map(make_code)


@pytest.mark.parametrize("case", VECTORS, ids=[case["name"] for case in VECTORS])
def test_every_vector_agrees(case: dict[str, Any]) -> None:
    given_text = bytes.fromhex(case["input_hex"]) if "input_hex" in case else case["input"]
    if "text" in case:
        canonical = canonicalise(given_text)
        assert (canonical.text, canonical.h.hex(), canonical.code) == (case["text"], case["h"], case["code"])
        return
    with pytest.raises(NotCanonicalisable) as caught:
        canonicalise(given_text)
    assert isinstance(caught.value, HiddenCharacters) == ("findings" in case)
    if isinstance(caught.value, HiddenCharacters):
        assert [
            {"kind": f.kind, "code_point": f"U+{f.code_point:04X}", "offset": f.offset, "line": f.line}
            for f in caught.value.findings
        ] == case["findings"]


def test_there_are_vectors_for_every_kind_of_finding() -> None:
    kinds = {finding["kind"] for case in VECTORS for finding in case.get("findings", [])}
    assert kinds == set(Kind)
    assert len(VECTORS) >= 60


def test_a_finding_says_in_words_what_and_where() -> None:
    with pytest.raises(HiddenCharacters, match=r"U\+200B, an invisible character in line 2; 1 in all") as caught:
        canonicalise("a\nb\u200b")
    (finding,) = caught.value.findings
    assert finding == Finding(Kind.INVISIBLE, 0x200B, 3, 2)
    assert all(Finding(kind, 0x61, 0, 1).description.startswith("U+0061, ") for kind in Kind)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
@example("\u0dd9\u0dca\u200d\u0d9a")
def test_canonical_text_is_its_own_canonical_form(text: str) -> None:
    try:
        canonical = canonicalise(text)
    except NotCanonicalisable:
        return
    again = canonicalise(canonical.text)
    assert (again.text, again.h, again.code) == (canonical.text, canonical.h, None)
    assert canonical_h(canonical.text.encode()) == canonical.h


@settings(max_examples=400, deadline=None)
@given(TEXTS, CODES, st.sampled_from(Channel))
@example("a\r", CODE, Channel.EMAIL)
@example("\u2764", CODE, Channel.EMAIL)
def test_embedding_a_code_changes_neither_hash(text: str, code: Code, channel: Channel) -> None:
    embedded = embed(text, code, channel=channel)
    assert _outcome(embedded) == _outcome(text)
    if isinstance(_outcome(text), str):
        assert canonicalise(embedded).code == code
        assert exact(embedded) == exact(text)


def _outcome(text: str) -> str | list[tuple[Kind, int]]:
    try:
        return canonicalise(text).text
    except HiddenCharacters as refused:
        return [(finding.kind, finding.code_point) for finding in refused.findings]


@settings(deadline=None)
@given(st.binary())
def test_only_not_canonicalisable_escapes_for_bytes(data: bytes) -> None:
    for read in (canonicalise, exact):
        try:
            read(data)
        except NotCanonicalisable:
            continue


def test_a_text_too_long_is_malformed_before_and_after() -> None:
    assert len(canonicalise("a" * MAX_TEXT_BYTES).text) == MAX_TEXT_BYTES
    swelling = "\u0958" * (MAX_TEXT_BYTES // 3)  # NFC doubles it
    for text in ("a" * (MAX_TEXT_BYTES + 1), b"a" * (MAX_TEXT_BYTES + 1), "å" * (MAX_TEXT_BYTES // 2 + 1), swelling):
        with pytest.raises(Malformed, match="at most 262144"):
            canonicalise(text)


def test_the_exact_hash_is_over_the_bytes_as_sent_without_code_and_blanks_at_the_end() -> None:
    text = "Hej  Anna,\r\n“10²”\xa0kr"
    expected = (hashlib.sha256(text.encode()).digest(), len(text.encode()))
    assert exact(text) == exact(text.encode()) == exact(text + " \r\n\xa0") == expected
    assert exact(f"{text}\r\n\r\nSigill 7K3F-9Q2M-XT4B\r\n{format_carrier(CODE)}") == expected
    assert exact(" " + text) != expected
    assert canonical_h(text) == canonical_h(" " + text)


def test_the_exact_hash_of_a_lone_surrogate_is_refused_with_its_place() -> None:
    with pytest.raises(HiddenCharacters) as caught:
        exact("a\n\u200b\ud800")
    assert [f.kind for f in caught.value.findings] == [Kind.INVISIBLE, Kind.LONE_SURROGATE]
