"""The problems of releases at attestation level A: a part of the table in `api.problems`."""

from collections.abc import Mapping
from typing import Final

from api.problem import Problem
from registry.errors import PasskeyRefused, PasskeysUnavailable
from releases.errors import (
    EvidenceNotFound,
    ReleaseExpired,
    ReleaseGiven,
    ReleaseMismatch,
    ReleaseNotFound,
    ReleaseNotGiven,
    ReleaserRevoked,
    ReleaserUnknown,
    ReleaseUsed,
)
from sigill.errors import SigillError
from sigill.presence.errors import (
    MalformedRelease,
    ReleaseChallenge,
    ReleaseOfAnother,
    ReleaseOrigin,
    ReleaseRelyingParty,
    ReleaseSignature,
    ReleaseUserNotVerified,
)

_AGAIN: Final = "Nothing was sealed. Ask for a new release at POST /v1/attestations/options."

RELEASE_PROBLEMS: Final[Mapping[type[SigillError], Problem]] = {
    ReleaseNotFound: Problem("release-not-found", 404, "There is no such release", _AGAIN),
    ReleaseExpired: Problem("release-expired", 409, "The release has expired", _AGAIN),
    ReleaseNotGiven: Problem(
        "release-not-given",
        409,
        "Nobody has released this message yet",
        "Let the person open the release page and confirm, or send the AI system's signature; then try again.",
    ),
    ReleaseGiven: Problem("release-given", 409, "It was released already", "Send the message to be sealed now."),
    ReleaseUsed: Problem("release-used", 409, "The release was used already", _AGAIN),
    ReleaseMismatch: Problem(
        "release-mismatch",
        422,
        "This is not the message that was released",
        "Send exactly what was released; what differs has to be released anew.",
    ),
    ReleaserUnknown: Problem(
        "releaser-unknown",
        422,
        "Nobody of yours can release this",
        "Name a person of yours with a passkey, or sign with a key registered for the AI system.",
    ),
    ReleaserRevoked: Problem(
        "releaser-revoked", 403, "Who released this may no longer do so", "Let somebody else release it. " + _AGAIN
    ),
    PasskeyRefused: Problem(
        "passkey-refused",
        403,
        "The passkey's answer proves nothing",
        "Try again with a passkey of yours. If it counts backwards there may be a copy of it: revoke it.",
    ),
    PasskeysUnavailable: Problem(
        "passkeys-unavailable",
        503,
        "Passkeys cannot be used at this address",
        "Whoever runs the service has to give it a host name: SIGILL_PUBLIC_URL.",
    ),
    EvidenceNotFound: Problem(
        "evidence-not-found", 404, "This message has no release", "Only messages of attestation level A have evidence."
    ),
    MalformedRelease: Problem("malformed-release", 422, "The release cannot be read", "Send it as it was made."),
    ReleaseOrigin: Problem(
        "release-origin", 403, "It was released on another web page", "Release it on our release page only."
    ),
    ReleaseRelyingParty: Problem(
        "release-relying-party", 403, "It was released for somebody else", "Release it on our release page only."
    ),
    ReleaseChallenge: Problem("release-challenge", 403, "Another statement was released", _AGAIN),
    ReleaseUserNotVerified: Problem(
        "release-user-not-verified",
        403,
        "The authenticator did not verify who released it",
        "Confirm with fingerprint, face or PIN.",
    ),
    ReleaseSignature: Problem(
        "release-signature", 403, "The release's signature does not verify", "Use the passkey or key registered for it."
    ),
    ReleaseOfAnother: Problem(
        "release-of-another", 422, "The evidence is not that of this seal", "Bring the evidence of this very message."
    ),
}
