"""Why a release does not count; each says what of it is wrong, and never repeats more than 80 characters of it.

SigillError
├── Malformed
│   └── MalformedRelease         a statement, an assertion or evidence that cannot be read
└── ReleaseInvalid
    ├── ReleaseOrigin            made on another web page than the guarantor's
    ├── ReleaseRelyingParty      made for another relying party
    ├── ReleaseChallenge         made over another statement
    ├── ReleaseUserNotVerified   the authenticator did not verify who held it
    ├── ReleaseSignature         the signature does not verify with the registered key
    └── ReleaseOfAnother         evidence of another seal, or one that says something else than its seal
"""

from sigill.errors import Malformed, SigillError


class MalformedRelease(Malformed):
    """A statement, an assertion or evidence outside its one form."""


class ReleaseInvalid(SigillError):
    """The root of what is well-formed and does not hold."""


class ReleaseOrigin(ReleaseInvalid):
    """The browser says that another page, or a page within another page, asked for the assertion."""


class ReleaseRelyingParty(ReleaseInvalid):
    """The authenticator says that it was asked for another relying party."""


class ReleaseChallenge(ReleaseInvalid):
    """The challenge is not that of the statement: something else was released."""


class ReleaseUserNotVerified(ReleaseInvalid):
    """Nobody was present, or the authenticator did not verify the user (fingerprint, face, PIN)."""


class ReleaseSignature(ReleaseInvalid):
    """The signature does not verify with this key."""


class ReleaseOfAnother(ReleaseInvalid):
    """The evidence is not that of this seal, or contradicts it."""
