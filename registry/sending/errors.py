"""What can be wrong with contact points, promises and totals.

RegistryError
└── SendingError
    ├── ContactInvalid      not a contact point of its kind, or too many of them
    ├── ContactUnknown      the operator has no such contact point
    ├── ContactStands       it cannot go on from the state it is in
    ├── ContactTaken        it is another operator's: a registrar decides
    ├── PhoneNotCallable    no code is sent to this number: its country or its kind
    ├── GatewayMissing      this deployment has no gateway: no phone number can be verified
    ├── GatewayFailed       the gateway did not take the code
    ├── CodesExhausted      too many codes were sent, or wrong ones given: after a pause
    ├── CodeWrong           not the code that was sent, or it has run out
    ├── PromiseInvalid      a promise cannot be made or ended like this
    ├── PromiseUnknown      the operator has made no such promise
    └── TotalsRefused       a declaration of totals that is not signed, fresh, or of this operator
"""

from registry.errors import RegistryError


class SendingError(RegistryError):
    """The root of the sending policy's errors."""


class ContactInvalid(SendingError):
    """Not a contact point of its kind; the message says which form it has."""


class ContactUnknown(SendingError):
    """The operator has no such contact point."""


class ContactStands(SendingError):
    """It cannot go on from the state it is in."""


class ContactTaken(SendingError):
    """Another operator holds it: a registrar decides whose it is."""


class PhoneNotCallable(SendingError):
    """No code is sent to this number."""


class GatewayMissing(SendingError):
    """No gateway is configured, so no phone number can be verified here."""


class GatewayFailed(SendingError):
    """The gateway did not take the code; nothing was sent."""


class CodesExhausted(SendingError):
    """Too many codes were sent to a number, or too many wrong ones given; `after_s` seconds are to pass."""

    def __init__(self, says: str, *, after_s: int) -> None:
        super().__init__(says)
        self.after_s = after_s


class CodeWrong(SendingError):
    """Not the code that was sent, or there is none to compare with."""


class PromiseInvalid(SendingError):
    """A promise cannot be made or ended like this."""


class PromiseUnknown(SendingError):
    """The operator has made no such promise."""


class TotalsRefused(SendingError):
    """A declaration of totals that cannot be taken."""
