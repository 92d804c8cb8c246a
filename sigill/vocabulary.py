"""The words of the wire: who wrote it, where, in which role, and what others call the same thing.

| by            | means                                           | W3C CG        | AI-Disclosure     | EU icon      |
|---------------|-------------------------------------------------|---------------|-------------------|--------------|
| `human`       | a person wrote or spoke it                      | human-only    | none              | none         |
| `ai_assisted` | AI drafted; a named person read and released it | ai-assisted   | ai-modified       | AI           |
|               | (the same, wholly drafted by AI)                |               | ai-originated     |              |
| `ai`          | sent with no person approving that message      | ai-autonomous | machine-generated | AI GENERATED |

Spell-check, templates and mail merge do not change `human`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_IPTC: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"


class Authorship(StrEnum):
    """Who wrote a message. A mere possibility of review does not turn `ai` into `ai_assisted`."""

    HUMAN = "human"
    AI_ASSISTED = "ai_assisted"
    AI = "ai"


class Draft(StrEnum):
    """Who made the first draft of an assisted message."""

    PERSON = "person"
    AI = "ai"


class Role(StrEnum):
    """For whom the author speaks: the operator, or (a peer in a community) nobody but herself."""

    OPERATOR = "operator"
    PEER = "peer"


class Channel(StrEnum):
    """Where the message went."""

    PHONE = "phone"
    CHAT = "chat"
    EMAIL = "email"
    SMS = "sms"
    APP = "app"
    FORUM = "forum"
    SOCIAL = "social"
    VIDEO = "video"
    LETTER = "letter"
    VISIT = "visit"


class Direction(StrEnum):
    """Which way: from the operator to the customer, or an answer within a contact the customer began."""

    OUTBOUND = "outbound"
    INBOUND = "inbound"


class Purpose(StrEnum):
    """Why the message was sent."""

    SERVICE = "service"
    SALES = "sales"
    COLLECTION = "collection"
    SECURITY = "security"


class Enquiry(StrEnum):
    """The kind of enquiry the operator declares."""

    INFORMATIONAL = "informational"
    TRANSACTIONAL = "transactional"
    ACCOUNT_CHANGE = "account_change"
    COMPLAINT = "complaint"
    CLAIM = "claim"
    CREDIT_DECISION = "credit_decision"
    ADVICE = "advice"
    FRAUD_REPORT = "fraud_report"
    VULNERABLE_DISTRESS = "vulnerable_distress"
    DEBT_COLLECTION = "debt_collection"
    AUTHORITY_DECISION = "authority_decision"
    EMERGENCY = "emergency"
    CANCELLATION = "cancellation"
    UNCLASSIFIED = "unclassified"


class Industry(StrEnum):
    """The eight industries with a policy pack."""

    BANK = "bank"
    INSURANCE = "insurance"
    PUBLIC = "public"
    HEALTHCARE = "healthcare"
    TELECOM = "telecom"
    ENERGY = "energy"
    TRAVEL = "travel"
    RETAIL = "retail"


class DisclosureMode(StrEnum):
    """How the operator tells the customer that AI writes."""

    INLINE = "inline"
    SEPARATE = "separate"
    SHOWN_BEFORE = "shown_before"


class AttestationLevel(StrEnum):
    """How sure the authorship is: A signed by person or system, B an authenticated session, C the operator says so."""

    A = "A"
    B = "B"
    C = "C"


class Language(StrEnum):
    """The languages customers read."""

    SV = "sv"
    NB = "nb"
    DA = "da"
    FI = "fi"
    EN = "en"
    DE = "de"
    ES = "es"


class WithdrawalReason(StrEnum):
    """Why a sender withdraws a message."""

    SENT_BY_MISTAKE = "sent_by_mistake"
    WRONG_RECIPIENT = "wrong_recipient"
    WRONG_CONTENT = "wrong_content"
    MISLEADING = "misleading"
    REPLACED = "replaced"
    FRAUD = "fraud"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ForeignWords:
    """The same authorship in other vocabularies. `eu_icon` is None where no icon is shown."""

    oversight: str | None
    source_type: str
    w3c: str
    header: str
    eu_icon: str | None


_HUMAN: Final = ForeignWords(None, _IPTC + "digitalCreation", "human-only", "none", None)
_DRAFTED_BY_PERSON: Final = ForeignWords(
    "human_validated", _IPTC + "compositeWithTrainedAlgorithmicMedia", "ai-assisted", "ai-modified", "AI"
)
_DRAFTED_BY_AI: Final = ForeignWords(
    "human_validated", _IPTC + "trainedAlgorithmicMedia", "ai-assisted", "ai-originated", "AI"
)
_AUTONOMOUS: Final = ForeignWords(
    "fully_autonomous", _IPTC + "trainedAlgorithmicMedia", "ai-autonomous", "machine-generated", "AI GENERATED"
)


def foreign_words(authorship: Authorship, *, draft: Draft | None = None) -> ForeignWords:
    """Return the other vocabularies' words: C2PA oversight, IPTC source type, W3C CG, AI-Disclosure, EU icon.

    `draft` matters for `ai_assisted` only; unknown counts as drafted by AI, the more open of the two.
    """
    match authorship:
        case Authorship.HUMAN:
            return _HUMAN
        case Authorship.AI:
            return _AUTONOMOUS
        case Authorship.AI_ASSISTED:
            return _DRAFTED_BY_PERSON if draft is Draft.PERSON else _DRAFTED_BY_AI
