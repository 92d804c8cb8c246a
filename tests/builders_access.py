"""The one table of who may do what: every route that is not open to all, and who gets further than its door."""

from datetime import UTC, datetime
from typing import Any, Final

from registry.model import Role

ROLES: Final = ("signer", "admin", "auditor", "auditor of all", "registrar")
READERS: Final = frozenset({"signer", "admin", "auditor", "auditor of all"})
AUDITORS: Final = frozenset({"auditor", "auditor of all"})
SIGNER: Final = frozenset({"signer"})
ADMIN: Final = frozenset({"admin"})
REGISTRAR: Final = frozenset({"registrar"})

ALLOWED: Final[dict[tuple[str, str], frozenset[str]]] = {
    ("POST", "/v1/messages"): SIGNER,
    ("POST", "/v1/messages/batch"): SIGNER,
    ("DELETE", "/v1/messages/{message_id}"): SIGNER,
    ("POST", "/v1/messages/{message_id}/erasure"): ADMIN,
    ("GET", "/v1/messages/{message_id}"): READERS,
    ("GET", "/v1/messages/{message_id}/proof"): READERS,
    ("GET", "/v1/messages/{message_id}/evidence"): READERS,
    ("POST", "/v1/attestations/options"): SIGNER,
    ("POST", "/v1/conversations/{conversation_id}/events"): SIGNER,
    ("GET", "/v1/conversations/{conversation_id}"): READERS,
    ("GET", "/v1/conversations"): READERS,
    ("POST", "/v1/decisions"): SIGNER | ADMIN,
    ("POST", "/v1/clients"): ADMIN,
    ("GET", "/v1/clients"): ADMIN,
    ("GET", "/v1/clients/{client_id}"): ADMIN,
    ("DELETE", "/v1/clients/{client_id}"): ADMIN,
    ("POST", "/v1/clients/{client_id}/keys"): ADMIN,
    ("DELETE", "/v1/clients/{client_id}/keys/{thumbprint}"): ADMIN,
    ("GET", "/v1/staff"): ADMIN,
    ("POST", "/v1/staff"): ADMIN,
    ("POST", "/v1/staff/{person_id}/enrolment"): ADMIN,
    ("DELETE", "/v1/staff/{person_id}/passkeys/{passkey_id}"): ADMIN,
    ("DELETE", "/v1/staff/{person_id}"): ADMIN,
    ("GET", "/v1/operator"): ADMIN,
    ("POST", "/v1/operator/domains"): ADMIN,
    ("GET", "/v1/operator/domains"): ADMIN,
    ("POST", "/v1/operator/domains/{domain}/check"): ADMIN,
    ("POST", "/v1/operator/register-check"): ADMIN,
    ("GET", "/v1/operator/application-statement"): ADMIN,
    ("POST", "/v1/operator/seal-certificate"): ADMIN,
    ("POST", "/v1/registry/operators/{operator_id}/licence"): REGISTRAR,
    ("GET", "/v1/registry/operators/{operator_id}/checks"): REGISTRAR,
    ("GET", "/v1/registry/checks/{check_id}"): REGISTRAR,
    ("GET", "/v1/registry/alarms"): REGISTRAR,
    ("POST", "/v1/api-keys"): ADMIN,
    ("GET", "/v1/api-keys"): ADMIN,
    ("DELETE", "/v1/api-keys/{prefix}"): ADMIN,
    ("GET", "/log/{operator_id}/tile/{path}"): AUDITORS,
    ("GET", "/log/{operator_id}/erasures"): AUDITORS,
}
"""Of the log's tiles this is about entries; their hashes are open."""

OPEN: Final = frozenset(
    {
        ("GET", "/"),
        ("GET", "/check"),
        ("POST", "/check"),
        ("GET", "/s/{code}"),
        ("GET", "/static/{name}"),
        ("GET", "/.well-known/jwks.json"),
        ("GET", "/.well-known/oauth-authorization-server"),
        ("GET", "/.well-known/sigill-configuration"),
        ("GET", "/.well-known/sigill-trust.json"),
        ("GET", "/docs"),
        ("GET", "/docs/assets/{name}"),
        ("GET", "/healthz"),
        ("GET", "/log/{operator_id}/checkpoint"),
        ("GET", "/metrics"),
        ("GET", "/openapi.json"),
        ("GET", "/problems/{slug}"),
        ("GET", "/readyz"),
        ("GET", "/registry/operators"),
        ("GET", "/registry/operators/{operator_id}"),
        ("GET", "/status"),
        ("GET", "/status/{number}"),
        ("POST", "/oauth/token"),
        ("POST", "/v1/attestations/{release_id}"),
        ("POST", "/v1/applications"),
        ("POST", "/v1/verifications"),
    }
)

_EVERYONE: Final = frozenset(Role)
_MANAGERS: Final = frozenset({Role.ADMIN, Role.REGISTRAR})
DESK: Final[dict[tuple[str, str], frozenset[Role]]] = {
    ("GET", "/desk"): _EVERYONE,
    ("GET", "/desk/passkeys"): _EVERYONE,
    ("POST", "/desk/passkeys/name"): _EVERYONE,
    ("GET", "/desk/passkeys/new"): _EVERYONE,
    ("POST", "/desk/passkeys/new"): _EVERYONE,
    ("POST", "/desk/passkeys/revocation"): _EVERYONE,
    ("GET", "/desk/staff"): _MANAGERS,
    ("POST", "/desk/staff"): _MANAGERS,
    ("GET", "/desk/staff/{person_id}"): _MANAGERS,
    ("POST", "/desk/staff/{person_id}/link"): _MANAGERS,
    ("POST", "/desk/staff/{person_id}/end"): _MANAGERS,
    ("POST", "/desk/staff/{person_id}/subject"): _MANAGERS,
    ("POST", "/desk/staff/{person_id}/passkeys/revocation"): _MANAGERS,
    ("GET", "/desk/standing"): frozenset({Role.ADMIN}),
    ("POST", "/desk/standing/domains"): frozenset({Role.ADMIN}),
    ("POST", "/desk/standing/domains/check"): frozenset({Role.ADMIN}),
    ("POST", "/desk/standing/registers"): frozenset({Role.ADMIN}),
    ("GET", "/desk/alarms"): frozenset({Role.REGISTRAR}),
    ("GET", "/desk/checks/{operator_id}"): frozenset({Role.REGISTRAR}),
    ("POST", "/desk/checks/{operator_id}/licence"): frozenset({Role.REGISTRAR}),
}
"""Pages and forms of the desk, and the roles of the people they are for, signed in; no key opens any of them."""

DESK_DOORS: Final = frozenset(
    {
        ("GET", "/desk/enrol"),
        ("POST", "/desk/enrol"),
        ("POST", "/desk/enrol/passkey"),
        ("GET", "/desk/oidc"),
        ("GET", "/desk/oidc/callback"),
        ("GET", "/desk/release/{release_id}"),
        ("GET", "/desk/sign-in"),
        ("POST", "/desk/sign-in"),
        ("POST", "/desk/sign-out"),
    }
)
"""What of the desk stands open: it looks itself at what is brought."""

OF_NOBODY_ELSE: Final = frozenset(place for place in ALLOWED if "{" in place[1])
"""Where the address names something: another operator's credential finds nothing there."""

ANSWERS: Final[dict[str, frozenset[int]]] = {
    "/v1/messages/{message_id}/erasure": frozenset({200, 409}),  # it is too young to be erased
    "/v1/operator/register-check": frozenset({409}),  # no register is configured
    "/v1/operator/seal-certificate": frozenset({422}),  # and this is no application
}
"""What whoever is let in gets, where that is something else than done."""

BODY: Final[dict[str, Any]] = {"authorship": "human", "channel": "chat", "enquiry": "informational"}
BODIES: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("POST", "/v1/messages"): BODY | {"text": "Hej"},
    ("POST", "/v1/messages/batch"): {"messages": [BODY | {"text": "Hej"}]},
    ("DELETE", "/v1/messages/{message_id}"): {"reason": "wrong_content"},
    ("POST", "/v1/attestations/options"): {"message": BODY | {"authorship": "ai", "text": "Hej"}},
    ("POST", "/v1/messages/{message_id}/erasure"): {"ground": "operator_request", "requester": "DPO-1"},
    ("POST", "/v1/conversations/{conversation_id}/events"): {"kind": "human_joined"},
    ("POST", "/v1/staff"): {"name": "Anna Andersson", "role": "signer"},
    ("POST", "/v1/operator/domains"): {"domain": "exempelbanken.se"},
    ("POST", "/v1/operator/seal-certificate"): {"application": "a.b.c"},
    ("POST", "/v1/registry/operators/{operator_id}/licence"): {
        "authority": "Finansinspektionen",
        "number": "41028",
        "url": "https://fi.example/41028",
        "seen_on": f"{datetime.now(UTC):%Y-%m-%d}",
    },
    ("POST", "/v1/api-keys"): {"name": "mail server", "role": "signer"},
}
