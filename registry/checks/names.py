"""Whether two spellings are the same company name: letter case, accents' form, punctuation and legal forms aside.

Nothing is guessed: what is not the same after that differs, and a registrar judges it.
"""

import unicodedata
from typing import Final

_JOINED: Final = frozenset("./'\u2019")  # A/S and A.S. are AS; other punctuation parts words
_LEGAL_FORMS: Final = {
    "aksjeselskap": "as",
    "aktiebolag": "ab",
    "aktieselskab": "as",
    "aktiengesellschaft": "ag",
    "allmennaksjeselskap": "asa",
    "anpartsselskab": "aps",
    "limited": "ltd",
    "osakeyhtiö": "oy",
}
_DROPPED: Final = frozenset({"publ"})  # a Swedish public company may write (publ) after its name or not


def same_name(one: str, other: str) -> bool:
    """Tell whether both are one company's name. A name without letters or digits is the same as none."""
    plain = plain_name(one)
    return bool(plain) and plain == plain_name(other)


def plain_name(name: str) -> str:
    """Return the name as it is compared: small letters, single blanks, no punctuation, one word for each legal form.

    Letters keep their accents: ö is no o.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    spaced = "".join(_kept(character) for character in folded)
    words = [_LEGAL_FORMS.get(word, word) for word in spaced.split()]
    return " ".join(word for word in words if word not in _DROPPED)


def _kept(character: str) -> str:
    if character in _JOINED:
        return ""
    if character in "&+" or character.isalnum() or unicodedata.category(character).startswith("M"):
        return character
    return " "
