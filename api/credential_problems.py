"""The problems of who asks, and of clients and their keys: a part of the table in `api.problems`."""

from collections.abc import Mapping
from typing import Final

from api.problem import Problem
from registry.errors import (
    ApiKeyUnknown,
    ClientKeyRefused,
    ClientUnknown,
    CredentialBound,
    CredentialExpired,
    CredentialMissing,
    CredentialUnknown,
    GrantRefused,
    PasskeyUnknown,
    PersonUnknown,
    ScopeMissing,
)
from sigill.errors import SigillError

CREDENTIAL_PROBLEMS: Final[Mapping[type[SigillError], Problem]] = {
    CredentialMissing: Problem(
        "credential-missing",
        401,
        "An API key or an access token is needed",
        "Send the header `Authorization: Bearer <API key or access token>`.",
    ),
    CredentialUnknown: Problem(
        "credential-unknown",
        401,
        "This is no API key or access token of ours",
        "Check that the whole key was copied: 59 characters. Access tokens are given out at /oauth/token.",
    ),
    CredentialExpired: Problem(
        "credential-expired",
        401,
        "The API key or access token has run out or was revoked",
        "Get a new access token, or ask your administrator for a new key.",
    ),
    ScopeMissing: Problem(
        "scope-missing", 403, "This credential may not do that", "Use one whose role and scope allow this call."
    ),
    CredentialBound: Problem(
        "credential-bound",
        403,
        "This credential signs as one AI system only",
        "Say that this AI system wrote it, or use the credential of who did.",
    ),
    GrantRefused: Problem(
        "token-refused", 400, "No access token is given for this", "Mend what error_description names."
    ),
    ClientUnknown: Problem(
        "client-not-found", 404, "No client or key of yours is called that", "See /v1/clients for those there are."
    ),
    ClientKeyRefused: Problem(
        "client-key-refused",
        422,
        "The public key cannot be registered",
        "Mend what the detail names; docs/access.md shows a key and its proof of possession.",
    ),
    ApiKeyUnknown: Problem(
        "api-key-not-found", 404, "No API key of yours is called that", "See /v1/api-keys for those there are."
    ),
    PersonUnknown: Problem(
        "person-not-found", 404, "Nobody of yours is called that", "See /v1/staff for who there is."
    ),
    PasskeyUnknown: Problem("passkey-not-found", 404, "There is no such passkey", "See /v1/staff for those there are."),
}
