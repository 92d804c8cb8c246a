"""What a verification cannot even begin with.

VerificationError(SigillError)
└── NothingToVerify     no seal, code, link or text was brought, or more than one
"""

from sigill.errors import SigillError


class VerificationError(SigillError):
    """The root of verification's errors."""


class NothingToVerify(VerificationError):
    """Exactly one of seal, code, link and text is needed."""
