"""Why a release does not lead to a seal.

ReleasesError(SigillError)
├── ReleaseNotFound    no release has this id, or it ended long ago
├── ReleaseExpired     five minutes are over
├── ReleaseNotGiven    nobody has released it yet
├── ReleaseGiven       it was released before
├── ReleaseUsed        it was sealed before
├── ReleaseMismatch    this message is not the one that was released; says what differs
├── ReleaserUnknown    the operator has no such person or client who could release it
├── ReleaserRevoked    who released it has left, or the passkey or key was revoked
└── EvidenceNotFound   the message was not released at level A
"""

from sigill.errors import SigillError


class ReleasesError(SigillError):
    """The root of the errors of releases."""


class ReleaseNotFound(ReleasesError):
    """No release has this id, or it ended long ago."""


class ReleaseExpired(ReleasesError):
    """A release is good for five minutes, and within one calendar month (UTC)."""


class ReleaseNotGiven(ReleasesError):
    """Nobody has released it yet."""


class ReleaseGiven(ReleasesError):
    """It was released already; nothing more can be done to it but seal it."""


class ReleaseUsed(ReleasesError):
    """A message was sealed with it already."""


class ReleaseMismatch(ReleasesError):
    """The message to be sealed is not the one that was released."""


class ReleaserUnknown(ReleasesError):
    """Nobody of this operator with a passkey, or no client of this AI system, is called that."""


class ReleaserRevoked(ReleasesError):
    """The person has left, or the passkey or key was revoked or has run out."""


class EvidenceNotFound(ReleasesError):
    """The message was not released by anybody's passkey or key: there is no evidence."""
