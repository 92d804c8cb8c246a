"""What can be wrong with an application, and with asking for a check; the tree is in `registry.errors`."""

from registry.errors import RegistryError


class ApplicationExists(RegistryError):
    """Somebody has applied like this already: with this key, this id, or this identifier."""


class DomainUnknown(RegistryError):
    """The operator has named no such domain."""


class KeyNeeded(RegistryError):
    """The operator has no public key of its own that a domain or an application could be bound to."""


class ChecksTooMany(RegistryError):
    """The operator has had as many checks as it may have in an hour."""


class SourceMissing(RegistryError):
    """Nobody that this guarantor asks can say something of the operator."""


class StatementUnknown(RegistryError):
    """The statement that was signed is none of those given out, or was used before."""


class CheckUnknown(RegistryError):
    """No check has this id."""


class AlarmSettled(RegistryError):
    """Nobody has to look at this check: it was no alarm, was answered by new evidence, or dismissed before."""
