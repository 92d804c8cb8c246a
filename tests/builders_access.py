"""The one table of who may do what: every route that is not open to all, and who gets further than its door."""

from typing import Any, Final

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
        ("GET", "/registry/operators/{operator_id}/steps"),
        ("GET", "/status"),
        ("GET", "/status/{number}"),
        ("POST", "/oauth/token"),
        ("POST", "/v1/verifications"),
    }
)

OF_NOBODY_ELSE: Final = frozenset(place for place in ALLOWED if "{" in place[1])
"""Where the address names something: another operator's credential finds nothing there."""

BODY: Final[dict[str, Any]] = {"authorship": "human", "channel": "chat", "enquiry": "informational"}
BODIES: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("POST", "/v1/messages"): BODY | {"text": "Hej"},
    ("POST", "/v1/messages/batch"): {"messages": [BODY | {"text": "Hej"}]},
    ("DELETE", "/v1/messages/{message_id}"): {"reason": "wrong_content"},
    ("POST", "/v1/messages/{message_id}/erasure"): {"ground": "operator_request", "requester": "DPO-1"},
    ("POST", "/v1/conversations/{conversation_id}/events"): {"kind": "human_joined"},
    ("POST", "/v1/registry/operators/{operator_id}/proposals"): {"decision": "suspend", "reason": "looked at"},
    ("POST", "/v1/registry/operators/{operator_id}/proposals/{number}/confirm"): {},
    ("POST", "/v1/registry/operators/{operator_id}/proposals/{number}/reject"): {"reason": "looked at"},
    ("POST", "/v1/registry/operators/{operator_id}/proposals/{number}/withdraw"): {},
    ("POST", "/v1/registry/operators/{operator_id}/likenesses/{number}/accept"): {"reason": "looked at"},
    ("POST", "/v1/registry/operators/{operator_id}/likenesses/{number}/refuse"): {"reason": "looked at"},
    ("POST", "/v1/registry/operators/{operator_id}/appeals/{number}/answer"): {"upheld": True, "answer": "looked at"},
    ("POST", "/v1/operator/appeals"): {"reason": "looked at"},
}

PAST_THE_DOOR: Final[dict[tuple[str, str], str]] = {
    ("POST", "/v1/messages/{message_id}/erasure"): "retention-not-over",
    ("POST", "/v1/operator/appeals"): "appeal-refused",
    **{place: "person-needed" for place in ALLOWED if place[0] == "POST" and place[1].startswith("/v1/registry/")},
}
"""What whoever may call is told instead: too young to be erased, nothing to appeal, and that a person decides."""
