"""Who is asking: an API key or an access token as bearer token, checked before the body is read.

Deny by default: every view names a scope or says that it is open (`api.access`). Whoever shows something and is not let
in leaves a line in the audit trail.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from flask import g, request

from api.access import Access, mark
from api.audit import tell_refusal
from api.current import world
from api.limits import note_refused, take_by_scope
from api.problems import problem_of
from registry.api_keys import check_scope
from registry.callers import Caller
from registry.errors import CredentialExpired, CredentialMissing, CredentialUnknown, RegistryError, ScopeMissing
from registry.model import Operator, Scope

MAX_HEADER: Final = 2048
Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")


def authorized(scope: Scope) -> Callable[[Callable[Parameters, Answer]], Callable[Parameters, Answer]]:
    """Let a view run only for callers whose credential has `scope`; `caller()` then says who it is.

    The view raises CredentialMissing, CredentialUnknown, CredentialExpired, ScopeMissing, LimitReached, GuessingSlowed.
    """

    def decorate(view: Callable[Parameters, Answer]) -> Callable[Parameters, Answer]:
        @wraps(view)
        def guarded(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer:
            g.sigill_caller = authenticate_caller(scope)
            return view(*args, **kwargs)

        return mark(guarded, Access(scope))

    return decorate


def caller() -> Caller:
    """Return the caller of an `authorized` view."""
    found: Any = g.sigill_caller
    assert isinstance(found, Caller)  # noqa: S101 - the decorator put it there
    return found


def calling_operator() -> Operator:
    """Return the operator the caller acts for. Raises ScopeMissing for keys of no operator."""
    operator = caller().operator
    if operator is None:
        raise ScopeMissing("this key belongs to no operator; signing needs an operator's key")
    return operator


def authenticate_caller(scope: Scope) -> Caller:
    """Return who the request's key or token belongs to, if it has `scope`; the call is counted.

    A good key is good however many wrong ones came from the same address: with 256 random bits there is nothing to
    guess, and an office's old client must not shut out its new one.
    """
    found: Caller | None = None
    try:
        found = _find_caller()
        take_by_scope(scope, found.credential.prefix)
        check_scope(found.credential, scope)
    except CredentialMissing:
        note_refused(wrong=False)
        raise
    except (CredentialUnknown, CredentialExpired) as error:
        tell_call_refused(error, found)
        note_refused(wrong=isinstance(error, CredentialUnknown))
        raise
    except ScopeMissing as error:
        tell_call_refused(error, found)
        raise
    return found


def _find_caller() -> Caller:
    token = bearer_token()
    if token is None:
        raise CredentialMissing("this call needs an API key or an access token")
    return world().callers.find(token, at=world().signing.now())


def tell_call_refused(error: RegistryError, found: Caller | None) -> None:
    """Write who was refused into the audit trail: as what, where, and why."""
    tell_refusal(
        "call_refused",
        problem=problem_of(error).slug,
        route=f"{request.method} {request.url_rule}",
        credential=None if found is None else found.credential.prefix,
        operator=None if found is None or found.operator is None else found.operator.id,
    )


def bearer_token() -> str | None:
    """Return the bearer token of the request, None if there is none. Raises CredentialUnknown for other schemes."""
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or len(header) > MAX_HEADER:
        raise CredentialUnknown("send the key or token as `Authorization: Bearer <it>`")
    return token.strip()
