"""What a credential that is bound to one AI system may sign: that system's messages, and nothing else.

Its seals can therefore say more than the operator's word: attestation level B.
"""

from dataclasses import replace

from api.auth import caller
from registry.errors import CredentialBound
from sigill.vocabulary import AttestationLevel, Authorship
from signing.request import SignRequest


def bound(request: SignRequest) -> SignRequest:
    """Return what the caller asks for as its credential lets it: with its AI system, where it is bound to one.

    Raises CredentialBound for another system, and for what a person wrote or released.
    """
    system = caller().credential.ai_system
    if system is None:
        return request
    declared = request.declared
    if declared.authorship is not Authorship.AI:
        raise CredentialBound(f"this credential signs as the AI system {system} only: authorship must be ai")
    if declared.ai_system not in {None, system}:
        raise CredentialBound(f"this credential signs as the AI system {system} only")
    own = caller().operator
    ai_of = None if declared.on_behalf_of is None or own is None else own.id
    if declared.ai_of not in {None, ai_of}:
        raise CredentialBound(f"this credential signs as the AI system {system} of its own operator only")
    return replace(request, declared=replace(declared, ai_system=system, ai_of=ai_of, attestation=AttestationLevel.B))


def check_unbound() -> None:
    """Raise CredentialBound if the caller's credential is bound to an AI system: this is not for such a one."""
    system = caller().credential.ai_system
    if system is not None:
        raise CredentialBound(f"this credential signs as the AI system {system}, and does nothing else")
