"""The problems of people, their passkeys and sign-in: a part of the table in `api.problems`."""

from collections.abc import Mapping
from typing import Final

from api.problem import Problem
from registry.errors import EnrolmentRefused, PasskeyRefused, PasskeysUnavailable, ProviderRefused, SignInStale
from sigill.errors import SigillError

PEOPLE_PROBLEMS: Final[Mapping[type[SigillError], Problem]] = {
    PasskeyRefused: Problem(
        "passkey-refused", 403, "The passkey's answer proves nothing", "Ask for a new challenge and answer it again."
    ),
    PasskeysUnavailable: Problem(
        "passkeys-unavailable",
        503,
        "Passkeys cannot be used at this service's address",
        "Whoever runs the service sets SIGILL_PUBLIC_URL to a host name; passkeys are bound to no IP address.",
    ),
    EnrolmentRefused: Problem(
        "enrolment-refused", 403, "The link to enrol with is no longer good", "Ask whoever sent it for a new one."
    ),
    ProviderRefused: Problem(
        "provider-refused", 403, "The identity provider's answer signs nobody in", "Begin the sign-in again."
    ),
    SignInStale: Problem(
        "sign-in-stale", 403, "This takes a recent sign-in", "Sign out and in again, then do it once more."
    ),
}
