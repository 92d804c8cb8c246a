"""What can be wrong with who is asking, grouped by what they can do about it.

RegistryError(SigillError)
├── CredentialMissing      no API key was given
├── CredentialUnknown      not an API key of ours
├── CredentialExpired      the key was good until a date, or was revoked
├── ScopeMissing           the key's role does not allow this call
├── OperatorNotFound       no operator has this id
├── OperatorNotVerified    applied, not yet verified: cannot seal
├── OperatorSuspended      suspended or revoked: cannot seal
├── AiSystemUnknown        the operator has registered no such AI system
├── AiSystemNotFound       there is none of this name to end
├── CredentialBound        the credential signs as one AI system, and not this
├── GrantRefused           no access token is given for this
├── ClientUnknown          the operator has no such client or key
├── ApiKeyUnknown          the operator has no such API key
├── PersonUnknown          there is no such person
├── PasskeyUnknown         there is no such passkey
├── MandateUnknown         the operator has neither given nor got such a mandate
├── MandateMissing         no mandate to seal for that operator is in force
├── MandateRevoked         there was one, and it was ended
├── MandateExceeded        the mandate does not cover this message, or its day is used up
├── MandateClosed          what was ended cannot be accepted any more
├── PasskeyRefused         what an authenticator answered proves nothing
├── PasskeysUnavailable    the service's address is none that passkeys can be bound to
├── EnrolmentRefused       a link to enrol with that is used up, too old or none
├── SignInStale            signed in too long ago for this
├── ProviderRefused        the identity provider's answer signs nobody in
├── ClientKeyRefused       a client's public key, or the proof of its possession, cannot be taken
├── IdentifierRefused      no identifier of an organisation, or a person's (registry.checks.identifiers)
├── PersonNeeded           a decision is somebody's own, and the key is nobody's, or of one who decides no more
├── SecondPersonNeeded     whoever proposed or decided something cannot be the second to look at it
├── SameHands              … nor can one whose keys went through the same registrar's hands
├── EvidenceMissing        what an operator's industry needs was not checked, or no longer counts
├── LikenessOpen           a name could be taken for another operator's, and nobody has accepted that
├── ReasonRefused          a reason that everyone may read looks like somebody's number or address
├── ProposalUnknown        there is no such proposal
├── ProposalClosed         a proposal was confirmed, rejected, withdrawn or overtaken
├── LikenessUnknown        there is no such likeness
├── LikenessClosed         a registrar has looked at the likeness already
├── AppealUnknown          there is no such appeal
├── AppealRefused          there is nothing to appeal, or it was appealed or answered before
├── ApplicationExists      somebody has applied like this already (registry.applying.errors, as the next seven)
├── DomainUnknown          the operator has named no such domain
├── KeyNeeded              the operator has no public key to bind a domain or an application to
├── ChecksTooMany          as many checks as the operator may have in an hour
├── SourceMissing          nobody that is asked can say something of the operator
├── StatementUnknown       no statement to sign that was given out, or it was used before
├── CheckUnknown           no check has this id
├── AlarmSettled           nobody has to look at this check, or somebody has already
├── ApplicationInvalid     an operator, AI system or key cannot be entered like this
└── TransitionRefused      the life cycle has no such step
"""

from collections.abc import Sequence
from enum import StrEnum

from sigill.errors import SigillError


class RegistryError(SigillError):
    """The root of the registry's errors."""


class CredentialMissing(RegistryError):
    """No API key was given."""


class CredentialUnknown(RegistryError):
    """Not an API key of ours."""


class CredentialExpired(RegistryError):
    """The key has run out or was revoked."""


class ScopeMissing(RegistryError):
    """The key is known, but its role does not allow this call."""


class OperatorNotFound(RegistryError):
    """No operator has this id."""


class OperatorNotVerified(RegistryError):
    """The operator has applied and is not verified yet."""


class OperatorSuspended(RegistryError):
    """The operator is suspended or revoked."""


class AiSystemUnknown(RegistryError):
    """The operator has no such AI system; `registered` lists those it has."""

    def __init__(self, system: str, registered: Sequence[str]) -> None:
        super().__init__(f"no AI system {system[:63]!r} is registered for this operator")
        self.registered = tuple(registered)


class AiSystemNotFound(RegistryError):
    """The operator has no AI system of this name in use."""


class CredentialBound(RegistryError):
    """The credential can sign only as one AI system, and this is something else."""


class OAuthError(StrEnum):
    """What a token endpoint calls its refusals (RFC 6749 section 5.2, RFC 8707)."""

    INVALID_REQUEST = "invalid_request"
    INVALID_CLIENT = "invalid_client"
    INVALID_SCOPE = "invalid_scope"
    INVALID_TARGET = "invalid_target"
    UNAUTHORIZED_CLIENT = "unauthorized_client"
    UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type"


class GrantRefused(RegistryError):
    """No access token is given. `error` is for the client, `reason` one word for the audit trail.

    `client_id` is whose request it claims to be, if it has the form of one.
    """

    def __init__(self, error: OAuthError, says: str, *, reason: str, client_id: str | None = None) -> None:
        super().__init__(says)
        self.error = error
        self.reason = reason
        self.client_id = client_id


class ClientUnknown(RegistryError):
    """The operator has no such client, or the client no such key."""


class ApiKeyUnknown(RegistryError):
    """The operator has no API key of this prefix."""


class PersonUnknown(RegistryError):
    """There is no such person, or not here."""


class PasskeyUnknown(RegistryError):
    """There is no such passkey."""


class MandateUnknown(RegistryError):
    """There is no such mandate, or it is between others."""


class MandateMissing(RegistryError):
    """No mandate to seal for that operator is in force: none was given or accepted, it has not begun, or ran out."""


class MandateRevoked(RegistryError):
    """The mandate was ended: nothing is sealed under it any more."""


class MandateExceeded(RegistryError):
    """The mandate does not cover this message; the message says what it covers."""


class MandateClosed(RegistryError):
    """A mandate that was revoked or has run out cannot be accepted."""


class PasskeyFault(StrEnum):
    """What is wrong with an authenticator's answer: one word each, for the audit trail."""

    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    WRONG_TYPE = "wrong_type"
    WRONG_CHALLENGE = "wrong_challenge"
    WRONG_ORIGIN = "wrong_origin"
    CROSS_ORIGIN = "cross_origin"
    WRONG_PARTY = "wrong_party"
    NOBODY_PRESENT = "nobody_present"
    NOT_VERIFIED = "user_not_verified"
    WRONG_PASSKEY = "wrong_passkey"
    WRONG_ALGORITHM = "wrong_algorithm"
    WRONG_SIGNATURE = "wrong_signature"
    BACKUP_CHANGED = "backup_changed"
    SIGN_COUNT = "sign_count"
    REVOKED = "revoked"
    ATTESTATION = "attestation"
    REPLAYED = "replayed"


class PasskeyRefused(RegistryError):
    """What an authenticator answered proves nothing; `fault` says why. The message is for whoever sent it."""

    def __init__(self, fault: PasskeyFault, says: str) -> None:
        super().__init__(says)
        self.fault = fault


class PasskeysUnavailable(RegistryError):
    """The service's address is none that passkeys can be bound to."""


class EnrolmentRefused(RegistryError):
    """The link to enrol with was used, is too old, or is none of ours."""


class ProviderRefused(RegistryError):
    """What came from the identity provider signs nobody in; `reason` is one word for the audit trail."""

    def __init__(self, reason: str, says: str) -> None:
        super().__init__(says)
        self.reason = reason


class SignInStale(RegistryError):
    """Who asks signed in too long ago for this: a borrowed session must not do it."""


class ClientKeyRefused(RegistryError):
    """A public key that is none of the kinds there are, is taken, or was not proven to be held."""


class ApplicationInvalid(RegistryError):
    """What is to be entered breaks a rule of the registry; the message names the value and the rule."""


class TransitionRefused(RegistryError):
    """The life cycle has no such step."""


class PersonNeeded(RegistryError):
    """Only a registrar decides, with a key of her own: this key is a program's, or its person is one no longer."""


class SecondPersonNeeded(RegistryError):
    """Another person has to look at it than whoever proposed or decided it."""


class SameHands(RegistryError):
    """Two names, and a registrar who may have acted under both: let in, invited or bound by the same hands."""


class EvidenceMissing(RegistryError):
    """The operator lacks evidence; `missing` has a code for each piece."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(f"evidence is missing or no longer counts: {', '.join(missing)}")
        self.missing = tuple(missing)


class LikenessOpen(RegistryError):
    """A name resembles another operator's, and no registrar has accepted that."""


class ReasonRefused(RegistryError):
    """A reason is public and stays for ever, and this looks like personal data."""


class ProposalUnknown(RegistryError):
    """The operator has no such proposal."""


class ProposalClosed(RegistryError):
    """There is nothing left to decide about the proposal."""


class LikenessUnknown(RegistryError):
    """The operator has no such likeness."""


class LikenessClosed(RegistryError):
    """The likeness was accepted or refused before."""


class AppealUnknown(RegistryError):
    """The operator has no such appeal."""


class AppealRefused(RegistryError):
    """There is nothing to appeal, or nothing more to answer."""
