"""Disclosure texts in the customer's language: loaded strictly, rendered with the operator's own particulars.

Placeholders: `{operator}` always; and at most one of those an operator may lack, for which the text then has a
variant without it: `{phone}` (`without_phone`), `{minutes}` (`without_minutes`), `{agent}` (`without_agent`).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sigill.errors import PolicyInvalid
from sigill.policy.model import ObligationDefinition
from sigill.policy.yaml_tree import Node, parse_yaml
from sigill.vocabulary import Language

_PLACEHOLDER: Final = re.compile(r"\{([a-z]+)\}")
_OPTIONAL: Final = ("agent", "minutes", "phone")
_KNOWN: Final = frozenset({"operator", *_OPTIONAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorNames:
    """What an operator must give for its texts: trading name; a phone people answer; an honest estimate of waiting."""

    display_name: str
    phone: str | None = None
    wait_minutes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text, and its variant for where `optional` (a placeholder of it) is not known."""

    text: str
    optional: str | None
    without: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageTexts:
    """One language. `native_read`: whether a native editor has read it; where not, the product says so."""

    native_read: bool
    human_words: tuple[str, ...]
    texts: Mapping[str, Text]


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """All languages; each has the same keys, and per key the same placeholders."""

    languages: Mapping[Language, LanguageTexts]

    @property
    def keys(self) -> frozenset[str]:
        """The keys there are."""
        return frozenset(self.languages[Language.EN].texts)


def load_texts(files: Mapping[str, str]) -> Texts:
    """Read one YAML text per language; the keys of `files` are what errors call them. Raises PolicyInvalid."""
    languages: dict[Language, LanguageTexts] = {}
    roots: dict[Language, Node] = {}
    for file, text in sorted(files.items()):
        root = parse_yaml(text, file=file)
        found = root.members(required=["language", "native_read", "human_words", "texts"])
        language = found["language"].word(Language)
        if language in languages:
            raise found["language"].fault(f"a second file for {language}")
        roots[language] = found["texts"]
        languages[language] = LanguageTexts(
            native_read=found["native_read"].boolean(),
            human_words=tuple(node.text() for node in found["human_words"].items()),
            texts={key: _text(node) for key, node in found["texts"].table().items()},
        )
    missing = [language for language in Language if language not in languages]
    if missing:
        raise PolicyInvalid(f"no texts in {', '.join(missing)}")
    for language, root in roots.items():
        _check_like_english(root, languages[language].texts, languages[Language.EN].texts)
    return Texts(languages=languages)


def check_texts_complete(texts: Texts, obligations: Iterable[ObligationDefinition]) -> None:
    """Refuse obligations that show a text there is not. Raises PolicyInvalid."""
    for obligation in obligations:
        for use in obligation.texts:
            for key in use.keys.values():
                if key not in texts.keys:
                    raise PolicyInvalid(f"obligations.yaml: {obligation.id} shows a text there is not: {key!r}")


def render_texts(
    texts: Texts, keys: Iterable[str], *, language: Language, operator: OperatorNames, agent: str | None = None
) -> dict[str, str]:
    """Return the texts of `keys` ready to show, in the order of `keys`. Raises KeyError for a key there is not.

    Give `agent` only where a person agreed to be named; otherwise the text says "a member of staff".
    """
    values = {
        "operator": operator.display_name,
        "phone": operator.phone,
        "minutes": None if operator.wait_minutes is None else str(operator.wait_minutes),
        "agent": agent,
    }
    of_language = texts.languages[language].texts
    return {key: _render(of_language[key], values) for key in keys}


def _render(text: Text, values: Mapping[str, str | None]) -> str:
    lacking = text.optional is not None and values[text.optional] is None
    chosen = text.without if lacking and text.without is not None else text.text
    return _PLACEHOLDER.sub(lambda match: values[match[1]] or "", chosen)


def _placeholders(text: str) -> frozenset[str]:
    return frozenset(_PLACEHOLDER.findall(text))


def _text(node: Node) -> Text:
    if isinstance(node.value, str):
        _check_placeholders(node, optional=None)
        return Text(text=node.text(), optional=None, without=None)
    found = node.members(required=["text"], optional=[f"without_{name}" for name in _OPTIONAL])
    variants = [name for name in _OPTIONAL if f"without_{name}" in found]
    if len(variants) != 1:
        raise node.fault("a text has one variant: without the phone, the minutes or the agent")
    optional = variants[0]
    without = found[f"without_{optional}"]
    _check_placeholders(found["text"], optional=optional)
    _check_placeholders(without, optional=None)
    if _placeholders(without.text()) != _placeholders(found["text"].text()) - {optional}:
        raise without.fault(f"the variant differs in more than {{{optional}}}")
    return Text(text=found["text"].text(), optional=optional, without=without.text())


def _check_placeholders(node: Node, *, optional: str | None) -> None:
    text = node.text()
    if "{" in _PLACEHOLDER.sub("", text) or "}" in _PLACEHOLDER.sub("", text):
        raise node.fault("a brace that belongs to no placeholder")
    names = _placeholders(text)
    if not names <= _KNOWN:
        raise node.fault(f"unknown placeholder; known: {', '.join(sorted(_KNOWN))}")
    if names & {*_OPTIONAL} != ({optional} if optional else set()):
        raise node.fault("{phone}, {minutes} and {agent} need a variant without them, and a variant needs one of them")


def _check_like_english(root: Node, texts: Mapping[str, Text], english: Mapping[str, Text]) -> None:
    if texts.keys() != english.keys():
        odd = ", ".join(sorted(texts.keys() ^ english.keys()))
        raise root.fault(f"not the same texts as in English: {odd}")
    for key, node in root.table().items():
        if _placeholders(texts[key].text) != _placeholders(english[key].text):
            raise node.fault(f"{key} has other placeholders than in English")
