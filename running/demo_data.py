"""The made-up operators and what they have written, read strictly from `running/demo/*.yaml`.

Every fault of those files is a PolicyInvalid with file, line and reason (see `sigill.policy.yaml_tree`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from registry.model import AiSystem
from running.demo_sending import DemoSending, read_demo_sending
from sigill.policy.words import OperatorFlag, Scope
from sigill.policy.yaml_tree import Node, parse_yaml
from sigill.vocabulary import Authorship, Channel, DisclosureMode, Draft, Enquiry, Industry, Language, Purpose, Role
from signing.request import SignRequest, make_request

FOLDER: Final = Path(__file__).parent / "demo"
_MESSAGE: Final = ("authorship", "channel", "enquiry", "text")
_MESSAGE_OPTIONS: Final = (
    "purpose",
    "recipient",
    "scope",
    "disclosure",
    "draft",
    "agent",
    "role",
    "ai_system",
    "refused",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A made-up operator, without what time adds: history and evidence."""

    id: str
    name: str
    identifier: str
    industry: Industry
    markets: tuple[str, ...]
    flags: tuple[str, ...]
    phone: str | None
    wait_minutes: int
    website: str
    ai_system: AiSystem
    sending: DemoSending = field(default_factory=DemoSending)


@dataclass(frozen=True, slots=True)
class DemoMessage:
    """A message to seal; `refused` means that the policy denies it."""

    request: SignRequest
    refused: bool


@dataclass(frozen=True, slots=True)
class ContactCentre:
    """A made-up operator that seals messages for another one (its id), under a mandate of it."""

    profile: Profile
    principal: str
    messages: tuple[DemoMessage, ...]


@dataclass(frozen=True, slots=True)
class Demonstration:
    """The operators in order, and each one's messages in the order of its log; and a contact centre."""

    profiles: tuple[Profile, ...]
    messages: Mapping[str, tuple[DemoMessage, ...]]
    centre: ContactCentre


def load_demonstration(folder: Path = FOLDER) -> Demonstration:
    """Read operators and conversations. Raises PolicyInvalid, OSError."""
    listed = _items(folder / "operators.yaml", "operators")
    profiles = tuple(_profile(node) for node in listed)
    messages: dict[str, tuple[DemoMessage, ...]] = {profile.id: () for profile in profiles}
    for node in _items(folder / "conversations.yaml", "conversations"):
        said = node.members(required=("operator", "reference", "jurisdiction", "language", "messages"))
        operator = said["operator"].identifier()
        if operator not in messages:
            raise said["operator"].fault(f"no operator {operator!r} in operators.yaml")
        shared: dict[str, Any] = {
            "conversation": said["reference"].identifier(),
            "jurisdiction": said["jurisdiction"].identifier(),
            "language": said["language"].word(Language),
        }
        messages[operator] += tuple(_message(item, shared) for item in said["messages"].items())
    return Demonstration(profiles, messages, _contact_centre(folder / "contact_centre.yaml", messages))


def _contact_centre(path: Path, operators: Mapping[str, object]) -> ContactCentre:
    root = parse_yaml(path.read_text("utf-8"), file=path.name)
    names = ("operator", "on_behalf_of", "reference", "jurisdiction", "language", "messages")
    said = root.members(required=("contact_centre",))["contact_centre"].members(required=names)
    principal = said["on_behalf_of"].identifier()
    if principal not in operators:
        raise said["on_behalf_of"].fault(f"no operator {principal!r} in operators.yaml")
    shared: dict[str, Any] = {
        "conversation": said["reference"].identifier(),
        "jurisdiction": said["jurisdiction"].identifier(),
        "language": said["language"].word(Language),
        "on_behalf_of": principal,
    }
    messages = tuple(_message(item, shared) for item in said["messages"].items())
    return ContactCentre(_profile(said["operator"]), principal, messages)


def _items(path: Path, name: str) -> list[Node]:
    return parse_yaml(path.read_text("utf-8"), file=path.name).members(required=(name,))[name].items()


def _profile(node: Node) -> Profile:
    required = ("id", "name", "identifier", "industry", "markets", "flags", "wait_minutes", "website", "ai_system")
    found = node.members(required=required, optional=("phone", "sending"))
    system = found["ai_system"].members(required=("ref", "name", "provider", "model"))
    return Profile(
        id=found["id"].identifier(),
        name=found["name"].text(),
        identifier=found["identifier"].identifier(),
        industry=found["industry"].word(Industry),
        markets=found["markets"].identifiers(),
        flags=found["flags"].words(OperatorFlag) if found["flags"].value else (),
        phone=found["phone"].text() if "phone" in found else None,
        wait_minutes=found["wait_minutes"].integer(),
        website=found["website"].text(),
        ai_system=AiSystem(
            ref=system["ref"].identifier(),
            name=system["name"].text(),
            provider=system["provider"].text(),
            model=system["model"].identifier(),
            active=True,
        ),
        sending=read_demo_sending(found["sending"]) if "sending" in found else DemoSending(),
    )


def _message(node: Node, shared: Mapping[str, Any]) -> DemoMessage:
    found = node.members(required=_MESSAGE, optional=_MESSAGE_OPTIONS)
    optional: dict[str, Any] = {
        name: found[name].word(words)
        for name, words in (("purpose", Purpose), ("disclosure", DisclosureMode), ("draft", Draft), ("role", Role))
        if name in found
    }
    if "ai_system" in found:
        optional["ai_system"] = found["ai_system"].identifier()
    if "agent" in found:
        optional["agent"] = found["agent"].identifier()
    if "scope" in found:
        optional["scope"] = tuple(word.value for word in found["scope"].words(Scope))
    request = make_request(
        authorship=found["authorship"].word(Authorship),
        channel=found["channel"].word(Channel),
        enquiry=found["enquiry"].word(Enquiry),
        text=found["text"].text(),
        recipient=_recipient(found["recipient"]) if "recipient" in found else None,
        **shared,
        **optional,
    )
    return DemoMessage(request, refused="refused" in found and found["refused"].boolean())


def _recipient(node: Node) -> str | dict[str, str]:
    if isinstance(node.value, str):
        return node.text()
    return {"reference": node.members(required=("reference",))["reference"].text()}
