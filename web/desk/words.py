"""The desk's own words, in Swedish and English: a folder a language, a file a part, `part.key` a text.

`languages/sv/people.toml` holds `invite = "Bjud in {name}"`, asked for as `people.invite`. All files have the same keys
in both languages, and the same placeholders; a test holds them to it.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Final

from sigill.report.language import choose_language
from sigill.vocabulary import Language

_FOLDER: Final = Path(__file__).parent / "languages"
_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")


class DeskLanguage(StrEnum):
    """A language that staff and registrars read; `name` in itself."""

    SV = "sv"
    EN = "en"


NAMES: Final = {DeskLanguage.SV: "Svenska", DeskLanguage.EN: "English"}
_NORDIC: Final = frozenset({Language.SV, Language.NB, Language.DA, Language.FI})


@dataclass(frozen=True, slots=True)
class DeskWords:
    """All texts of one language by `part.key`."""

    language: DeskLanguage
    texts: Mapping[str, str]

    def label(self, key: str, **values: object) -> str:
        """Return a text with its placeholders filled in one pass. Raises KeyError for a text there is not."""
        return _PLACEHOLDER.sub(lambda found: str(values.get(found[1], found[0])), self.texts[key])

    def has(self, key: str) -> bool:
        """Tell whether there is such a text."""
        return key in self.texts

    def word(self, section: str, value: str) -> str:
        """Return the text of a word of a vocabulary, `section.value`; else it with spaces for underscores."""
        return self.texts.get(f"{section}.{value}", value.replace("_", " "))


def choose_desk_language(accept_language: str | None, *, explicit: str | None) -> DeskLanguage:
    """Return the language asked for, else the browser's; Swedish for its neighbours, English for everyone else."""
    if explicit in set(DeskLanguage):
        return DeskLanguage(explicit)
    return DeskLanguage.SV if choose_language(accept_language) in _NORDIC else DeskLanguage.EN


@lru_cache(maxsize=len(DeskLanguage))
def desk_words(language: DeskLanguage) -> DeskWords:
    """Return the words of a language, read once."""
    texts: dict[str, str] = {}
    for path in sorted((_FOLDER / language).glob("*.toml")):
        for key, text in tomllib.loads(path.read_text("utf-8")).items():
            texts[f"{path.stem}.{key}"] = text
    return DeskWords(language, texts)
