"""The one table of who may do what: every route that is not open to all, and who gets further than its door."""

from datetime import UTC, datetime, timedelta
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
    ("GET", "/v1/operator/mandates"): ADMIN,
    ("POST", "/v1/operator/mandates"): ADMIN,
    ("POST", "/v1/operator/mandates/{mandate_id}/accept"): ADMIN,
    ("DELETE", "/v1/operator/mandates/{mandate_id}"): ADMIN,
    ("DELETE", "/v1/registry/mandates/{mandate_id}"): REGISTRAR,
    ("GET", "/v1/ai-systems"): ADMIN,
    ("POST", "/v1/ai-systems"): ADMIN,
    ("DELETE", "/v1/ai-systems/{ref}"): ADMIN,
    ("GET", "/v1/registry/queue"): REGISTRAR,
    ("GET", "/v1/registry/operators/{operator_id}"): REGISTRAR,
    ("POST", "/v1/registry/operators/{operator_id}/proposals"): REGISTRAR,
    ("POST", "/v1/registry/operators/{operator_id}/proposals/{number}/confirm"): REGISTRAR,
    ("POST", "/v1/registry/operators/{operator_id}/proposals/{number}/reject"): REGISTRAR,
    ("POST", "/v1/registry/operators/{operator_id}/proposals/{number}/withdraw"): REGISTRAR,
    ("POST", "/v1/registry/operators/{operator_id}/likenesses/{number}/accept"): REGISTRAR,
    ("POST", "/v1/registry/operators/{operator_id}/likenesses/{number}/refuse"): REGISTRAR,
    ("POST", "/v1/registry/operators/{operator_id}/appeals/{number}/answer"): REGISTRAR,
    ("POST", "/v1/operator/appeals"): ADMIN,
    ("GET", "/v1/operator"): ADMIN,
    ("POST", "/v1/operator/domains"): ADMIN,
    ("GET", "/v1/operator/domains"): ADMIN,
    ("POST", "/v1/operator/domains/{domain}/check"): ADMIN,
    ("POST", "/v1/operator/register-check"): ADMIN,
    ("GET", "/v1/operator/application-statement"): ADMIN,
    ("POST", "/v1/operator/seal-certificate"): ADMIN,
    ("POST", "/v1/registry/operators/{operator_id}/licence"): REGISTRAR,
    ("POST", "/v1/registry/operators/{operator_id}/register-record"): REGISTRAR,
    ("GET", "/v1/registry/operators/{operator_id}/checks"): REGISTRAR,
    ("GET", "/v1/registry/checks/{check_id}"): REGISTRAR,
    ("GET", "/v1/registry/alarms"): REGISTRAR,
    ("POST", "/v1/registry/alarms/{check_id}/dismissal"): REGISTRAR,
    ("POST", "/v1/api-keys"): ADMIN,
    ("GET", "/v1/api-keys"): ADMIN,
    ("DELETE", "/v1/api-keys/{prefix}"): ADMIN,
    ("GET", "/v1/operator/contacts"): ADMIN,
    ("POST", "/v1/operator/contacts"): ADMIN,
    ("POST", "/v1/operator/contacts/{contact_id}/code"): ADMIN,
    ("POST", "/v1/operator/contacts/{contact_id}/confirm"): ADMIN,
    ("DELETE", "/v1/operator/contacts/{contact_id}"): ADMIN,
    ("GET", "/v1/operator/promises"): ADMIN,
    ("POST", "/v1/operator/promises"): ADMIN,
    ("DELETE", "/v1/operator/promises/{promise_id}"): ADMIN,
    ("GET", "/v1/operator/totals"): ADMIN,
    ("POST", "/v1/operator/totals"): ADMIN,
    ("GET", "/v1/registry/contacts"): REGISTRAR,
    ("POST", "/v1/registry/contacts/{contact_id}/verify"): REGISTRAR,
    ("POST", "/v1/registry/contacts/{contact_id}/refuse"): REGISTRAR,
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
        ("GET", "/registry/search"),
        ("GET", "/registry/operators/{operator_id}/steps"),
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
_REGISTRARS: Final = frozenset({Role.REGISTRAR})
_ADMINS: Final = frozenset({Role.ADMIN})
DESK: Final[dict[tuple[str, str], frozenset[Role]]] = {
    ("GET", "/desk"): _EVERYONE,
    ("GET", "/desk/passkeys"): _EVERYONE,
    ("GET", "/desk/sending"): frozenset({Role.ADMIN}),
    ("POST", "/desk/sending/contacts"): frozenset({Role.ADMIN}),
    ("POST", "/desk/sending/code"): frozenset({Role.ADMIN}),
    ("POST", "/desk/sending/confirmation"): frozenset({Role.ADMIN}),
    ("POST", "/desk/sending/end"): frozenset({Role.ADMIN}),
    ("POST", "/desk/sending/promises"): frozenset({Role.ADMIN}),
    ("POST", "/desk/sending/promise-end"): frozenset({Role.ADMIN}),
    ("GET", "/desk/contacts"): frozenset({Role.REGISTRAR}),
    ("POST", "/desk/contacts/verification"): frozenset({Role.REGISTRAR}),
    ("POST", "/desk/contacts/refusal"): frozenset({Role.REGISTRAR}),
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
    ("POST", "/desk/alarms/dismissal"): frozenset({Role.REGISTRAR}),
    ("GET", "/desk/checks/{operator_id}"): frozenset({Role.REGISTRAR}),
    ("POST", "/desk/checks/{operator_id}/licence"): frozenset({Role.REGISTRAR}),
    ("POST", "/desk/checks/{operator_id}/register"): frozenset({Role.REGISTRAR}),
    ("GET", "/desk/ai-systems"): frozenset({Role.ADMIN}),
    ("POST", "/desk/ai-systems/new"): frozenset({Role.ADMIN}),
    ("POST", "/desk/ai-systems/end"): frozenset({Role.ADMIN}),
    ("GET", "/desk/mandates"): frozenset({Role.ADMIN}),
    ("POST", "/desk/mandates/new"): frozenset({Role.ADMIN}),
    ("POST", "/desk/mandates/acceptance"): frozenset({Role.ADMIN}),
    ("POST", "/desk/mandates/revocation"): frozenset({Role.ADMIN}),
    ("GET", "/desk/queue"): _REGISTRARS,
    ("GET", "/desk/operators/{operator_id}"): _REGISTRARS,
    ("POST", "/desk/operators/{operator_id}/proposals"): _REGISTRARS,
    ("POST", "/desk/operators/{operator_id}/confirmation"): _REGISTRARS,
    ("POST", "/desk/operators/{operator_id}/rejection"): _REGISTRARS,
    ("POST", "/desk/operators/{operator_id}/withdrawal"): _REGISTRARS,
    ("POST", "/desk/operators/{operator_id}/likeness"): _REGISTRARS,
    ("POST", "/desk/operators/{operator_id}/answer"): _REGISTRARS,
    ("POST", "/desk/operators/{operator_id}/mandates/revocation"): _REGISTRARS,
    ("GET", "/desk/programs"): _ADMINS,
    ("POST", "/desk/programs/api-keys"): _ADMINS,
    ("POST", "/desk/programs/api-keys/revocation"): _ADMINS,
    ("POST", "/desk/programs/clients"): _ADMINS,
    ("POST", "/desk/programs/clients/keys"): _ADMINS,
    ("POST", "/desk/programs/clients/keys/revocation"): _ADMINS,
    ("POST", "/desk/programs/clients/revocation"): _ADMINS,
    ("GET", "/desk/appeal"): _ADMINS,
    ("POST", "/desk/appeal/appeal"): _ADMINS,
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
OF_A_PERSON: Final = frozenset(
    {
        ("POST", "/v1/registry/contacts/{contact_id}/verify"),
        ("POST", "/v1/registry/contacts/{contact_id}/refuse"),
    }
)
"""Where a key of the right role that is no person's own is refused all the same."""

OF_NOBODY_ELSE: Final = frozenset(place for place in ALLOWED if "{" in place[1])
"""Where the address names something: another operator's credential finds nothing there."""

ANSWERS: Final[dict[str, frozenset[int]]] = {
    "/v1/messages/{message_id}/erasure": frozenset({200, 409}),  # it is too young to be erased
    "/v1/operator/contacts": frozenset({200, 201, 422}),  # it is declared already
    "/v1/operator/contacts/{contact_id}/code": frozenset({409}),  # nothing is there to send it
    "/v1/operator/contacts/{contact_id}/confirm": frozenset({422}),  # no code was sent
    "/v1/operator/promises": frozenset({200, 201, 422}),  # it is promised already
    "/v1/operator/totals": frozenset({200, 422}),  # and this is signed by nobody
    "/v1/operator/register-check": frozenset({409}),  # no register is configured
    "/v1/registry/operators/{operator_id}/register-record": frozenset({409}),  # and the bank's number is made up
    "/v1/operator/seal-certificate": frozenset({422}),  # and this is no application
}
"""What whoever is let in gets, where that is something else than done."""

BODY: Final[dict[str, Any]] = {"authorship": "human", "channel": "chat", "enquiry": "informational"}
BODIES: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("POST", "/v1/messages"): BODY | {"text": "Hej"},
    ("POST", "/v1/messages/batch"): {"messages": [BODY | {"text": "Hej"}]},
    ("DELETE", "/v1/messages/{message_id}"): {"reason": "wrong_content"},
    ("POST", "/v1/attestations/options"): {
        "message": BODY | {"authorship": "ai", "ai": {"system": "saga"}, "text": "Hej"}
    },
    ("POST", "/v1/messages/{message_id}/erasure"): {"ground": "operator_request", "requester": "DPO-1"},
    ("POST", "/v1/conversations/{conversation_id}/events"): {"kind": "human_joined"},
    ("POST", "/v1/staff"): {"name": "Anna Andersson", "role": "signer"},
    ("POST", "/v1/operator/mandates"): {
        "to": "kundsvar",
        "channels": ["chat"],
        "purposes": ["service"],
        "valid_until": f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}",
    },
    ("POST", "/v1/registry/operators/{operator_id}/proposals"): {"decision": "suspend", "reason": "looked at"},
    ("POST", "/v1/registry/operators/{operator_id}/proposals/{number}/confirm"): {},
    ("POST", "/v1/registry/operators/{operator_id}/proposals/{number}/reject"): {"reason": "looked at"},
    ("POST", "/v1/registry/operators/{operator_id}/proposals/{number}/withdraw"): {},
    ("POST", "/v1/registry/operators/{operator_id}/likenesses/{number}/accept"): {"reason": "looked at"},
    ("POST", "/v1/registry/operators/{operator_id}/likenesses/{number}/refuse"): {"reason": "looked at"},
    ("POST", "/v1/registry/operators/{operator_id}/appeals/{number}/answer"): {"upheld": True, "answer": "looked at"},
    ("POST", "/v1/operator/appeals"): {"reason": "looked at"},
    ("POST", "/v1/operator/domains"): {"domain": "exempelbanken.se"},
    ("POST", "/v1/operator/seal-certificate"): {"application": "a.b.c"},
    ("POST", "/v1/registry/operators/{operator_id}/register-record"): {
        "register": "Bolagsverket",
        "name": "Exempelbanken AB",
        "number": "556036-0793",
        "url": "https://register.example/5560360793",
        "seen_on": f"{datetime.now(UTC):%Y-%m-%d}",
    },
    ("POST", "/v1/registry/operators/{operator_id}/licence"): {
        "authority": "Finansinspektionen",
        "number": "41028",
        "url": "https://fi.example/41028",
        "seen_on": f"{datetime.now(UTC):%Y-%m-%d}",
    },
    ("POST", "/v1/registry/alarms/{check_id}/dismissal"): {"reason": "looked at"},
    ("POST", "/v1/api-keys"): {"name": "mail server", "role": "signer"},
    ("POST", "/v1/operator/contacts"): {"kind": "phone", "value": "+46 8 465 004 11"},
    ("POST", "/v1/operator/contacts/{contact_id}/code"): {"way": "sms"},
    ("POST", "/v1/operator/contacts/{contact_id}/confirm"): {"code": "123456"},
    ("POST", "/v1/operator/promises"): {"channel": "sms", "since": f"{datetime.now(UTC):%Y-%m-%d}"},
    ("DELETE", "/v1/operator/promises/{promise_id}"): {},
    ("POST", "/v1/operator/totals"): {"statement": "a.b.c"},
    ("POST", "/v1/registry/contacts/{contact_id}/verify"): {"note": "seen"},
    ("POST", "/v1/registry/contacts/{contact_id}/refuse"): {"note": "not seen"},
}

_NOTHING_THERE: Final = frozenset(
    {"person-needed", "proposal-not-found", "likeness-not-found", "appeal-not-found", "alarm-settled", "no-register"}
)
PAST_THE_DOOR: Final[dict[tuple[str, str], frozenset[str]]] = {
    ("POST", "/v1/messages/{message_id}/erasure"): frozenset({"retention-not-over"}),
    ("POST", "/v1/operator/appeals"): frozenset({"appeal-refused"}),
    ("DELETE", "/v1/registry/mandates/{mandate_id}"): frozenset({"person-needed"}),
    **{place: _NOTHING_THERE for place in ALLOWED if place[0] == "POST" and place[1].startswith("/v1/registry/")},
}
"""What whoever may call is told instead: too young to be erased, nothing to appeal, and that a person decides."""
