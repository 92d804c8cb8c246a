"""Who is asking: an API key as bearer token, checked before the body is read. Deny by default: views name a scope."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from flask import g, request

from api.current import world
from api.limits import note_refused, take_by_scope
from registry.api_keys import check_scope
from registry.callers import Caller
from registry.errors import CredentialExpired, CredentialMissing, CredentialUnknown, ScopeMissing
from registry.model import Operator, Scope

MAX_HEADER: Final = 512
Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")


def authorized(scope: Scope) -> Callable[[Callable[Parameters, Answer]], Callable[Parameters, Answer]]:
    """Let a view run only for callers whose key has `scope`; `caller()` then says who it is.

    The view raises CredentialMissing, CredentialUnknown, CredentialExpired, ScopeMissing, LimitReached, GuessingSlowed.
    """

    def decorate(view: Callable[Parameters, Answer]) -> Callable[Parameters, Answer]:
        @wraps(view)
        def guarded(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer:
            g.sigill_caller = authenticate_caller(scope)
            return view(*args, **kwargs)

        return guarded

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
    """Return who the request's key belongs to, if it has `scope`; the call is counted.

    A good key is good however many wrong ones came from the same address: with 256 random bits there is nothing to
    guess, and an office's old client must not shut out its new one.
    """
    try:
        found = _find_caller()
    except (CredentialMissing, CredentialUnknown, CredentialExpired) as error:
        note_refused(wrong=isinstance(error, CredentialUnknown))
        raise
    take_by_scope(scope, found.credential.prefix)
    check_scope(found.credential, scope)
    return found


def _find_caller() -> Caller:
    token = bearer_token()
    if token is None:
        raise CredentialMissing("this call needs an API key")
    return world().callers.find(token, at=world().signing.now())


def bearer_token() -> str | None:
    """Return the bearer token of the request, None if there is none. Raises CredentialUnknown for other schemes."""
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or len(header) > MAX_HEADER:
        raise CredentialUnknown("send the key as `Authorization: Bearer <API key>`")
    return token.strip()
