"""From an error to what a page of the desk says of it, and with which status. Pure.

A part gives an error words by a text `errors.<class>` in both languages (`errors.PasskeyUnknown`); one without is told
in its own English sentence, marked as English.
"""

from typing import Final

from limiting.errors import LimitingError
from registry.applying.errors import AlarmSettled, ChecksTooMany, DomainUnknown, KeyNeeded, SourceMissing
from registry.errors import (
    AiSystemNotFound,
    ApiKeyUnknown,
    AppealUnknown,
    ClientUnknown,
    EnrolmentRefused,
    LikenessUnknown,
    MandateClosed,
    MandateUnknown,
    OperatorNotFound,
    PasskeyRefused,
    PasskeysUnavailable,
    PasskeyUnknown,
    PersonNeeded,
    PersonUnknown,
    ProposalUnknown,
    ProviderRefused,
    SameHands,
    ScopeMissing,
    SecondPersonNeeded,
    SignInStale,
)
from registry.sending.errors import CodesExhausted, ContactUnknown, PromiseUnknown
from sigill.errors import SigillError
from transparency.errors import GuardFailed, Overloaded, StoreUnavailable
from web.desk.request import Fault
from web.desk.words import DeskWords

_STATUSES: Final[dict[type[SigillError], int]] = {
    OperatorNotFound: 404,
    PersonUnknown: 404,
    PasskeyUnknown: 404,
    ClientUnknown: 404,
    ApiKeyUnknown: 404,
    DomainUnknown: 404,
    KeyNeeded: 409,
    SourceMissing: 409,
    ChecksTooMany: 429,
    MandateUnknown: 404,
    AiSystemNotFound: 404,
    MandateClosed: 409,
    ContactUnknown: 404,
    PromiseUnknown: 404,
    CodesExhausted: 429,
    ProposalUnknown: 404,
    LikenessUnknown: 404,
    AppealUnknown: 404,
    PersonNeeded: 403,
    SecondPersonNeeded: 403,
    SameHands: 403,
    AlarmSettled: 409,
    ScopeMissing: 403,
    SignInStale: 403,
    ProviderRefused: 403,
    EnrolmentRefused: 403,
    PasskeyRefused: 403,
    PasskeysUnavailable: 503,
    GuardFailed: 409,
    LimitingError: 429,
    Overloaded: 503,
    StoreUnavailable: 503,
}
_OTHERS: Final = 422


def fault_of(error: SigillError, words: DeskWords) -> Fault:
    """Return what is said of an error: by its class or the nearest ancestor that has words or a status."""
    kinds = [kind for kind in type(error).__mro__ if issubclass(kind, SigillError)]
    status = next((_STATUSES[kind] for kind in kinds if kind in _STATUSES), _OTHERS)
    key = next((f"errors.{kind.__name__}" for kind in kinds if words.has(f"errors.{kind.__name__}")), None)
    if key is None:
        return Fault(str(error), "en", status)
    return Fault(words.label(key, says=error), words.language, status)
