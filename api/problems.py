"""The one table from errors to problems (RFC 9457). A test demands that every error has exactly one entry.

A problem's page says what it means and how to mend it; `title` and `mend` are the words on it.
"""

from collections.abc import Mapping
from typing import Final

from api.applying_problems import APPLYING_PROBLEMS
from api.credential_problems import CREDENTIAL_PROBLEMS
from api.deciding_problems import DECIDING_PROBLEMS
from api.limits_problems import LIMITS_PROBLEMS
from api.mandate_problems import MANDATE_PROBLEMS
from api.people_problems import PEOPLE_PROBLEMS
from api.privacy_problems import PRIVACY_PROBLEMS
from api.problem import Problem
from api.release_problems import RELEASE_PROBLEMS
from api.sending_problems import SENDING_PROBLEMS
from conversations.errors import ConversationNotFound, EditRefused
from privacy.errors import RecordNotFound
from registry.checks.identifiers import IdentifierRefused
from registry.errors import (
    AiSystemUnknown,
    ApplicationInvalid,
    OperatorNotFound,
    OperatorNotVerified,
    OperatorSuspended,
    TransitionRefused,
)
from sigill.errors import (
    MalformedAddress,
    MalformedCode,
    MalformedEncoding,
    MalformedHtml,
    MalformedKey,
    MalformedNote,
    MalformedSeal,
    MalformedStatusList,
    NotCanonicalisable,
    PolicyInvalid,
    ProofInvalid,
    SigillError,
    SignatureInvalid,
)
from sigill.policy.errors import EnquiryNotInIndustry, MalformedFacts, UnknownJurisdiction, UnknownScope
from sigill.text.nu1 import HiddenCharacters
from signing.errors import (
    ConversationBusy,
    KeyMalformed,
    KeyReused,
    KeyRunning,
    KeyUnusable,
    MessageNotFound,
    Refused,
    RequestInvalid,
)
from transparency.errors import (
    CodeTaken,
    CommitInterrupted,
    EntryUnknown,
    GuardFailed,
    KeyClaimed,
    LogConflict,
    LogCorrupt,
    LogHalted,
    LogUnknown,
    Overloaded,
    StatusListUnknown,
    StoreUnavailable,
    TokenExists,
)
from verification.errors import NothingToVerify

INTERNAL: Final = Problem(
    "internal-error",
    500,
    "Something went wrong on our side",
    "If this was a message to seal, it may or may not have been sealed: send it again with the same Idempotency-Key, "
    "which never seals twice. If it goes on, tell us.",
)
_STORE: Final = Problem(
    "store-unavailable",
    503,
    "The service cannot reach its records now",
    "Try again after the seconds in Retry-After, with the same Idempotency-Key: it never seals twice. Nothing was "
    "sealed or verified, unless the detail says that the commit was interrupted.",
)
_TEXT: Final = Problem(
    "text-not-canonicalisable",
    422,
    "The text has no one agreed form",
    "Remove the characters listed: they are invisible, change the reading direction, or mean nothing yet.",
)

_NO_MESSAGE: Final = Problem(
    "message-not-found", 404, "No message of yours has this id", "Use the id from the answer that sealed it."
)

PROBLEMS: Final[Mapping[type[SigillError], Problem]] = {
    **CREDENTIAL_PROBLEMS,
    **PEOPLE_PROBLEMS,
    **MANDATE_PROBLEMS,
    **APPLYING_PROBLEMS,
    OperatorNotFound: Problem(
        "operator-not-found", 404, "No operator has this id", "Look the operator up at /registry/operators."
    ),
    OperatorNotVerified: Problem(
        "operator-not-verified", 403, "The operator is not verified yet", "Wait for the registrar's decision."
    ),
    OperatorSuspended: Problem(
        "operator-suspended", 403, "The operator may not seal now", "Contact the registrar about the suspension."
    ),
    TransitionRefused: Problem(
        "transition-refused", 409, "The life cycle has no such step", "See the operator's state first."
    ),
    IdentifierRefused: Problem(
        "identifier-refused",
        422,
        "The identifier cannot be taken",
        "The detail says why. Use a company register number, a VAT number or a LEI; never a person's number.",
    ),
    ApplicationInvalid: Problem(
        "application-invalid", 422, "The operator cannot be entered like this", "Mend what the detail names."
    ),
    AiSystemUnknown: Problem(
        "ai-system-unknown", 422, "The AI system is not registered", "Name one of the registered systems."
    ),
    RequestInvalid: Problem(
        "request-invalid", 422, "A field cannot be as it is", "Mend the fields listed under errors."
    ),
    Refused: Problem(
        "policy-refusal",
        403,
        "The policy denies this message",
        "Do one of the things under instead; most often a person reads, may change, and releases the message.",
    ),
    ConversationBusy: Problem(
        "conversation-busy", 409, "The conversation went on too fast", "Nothing was sealed. Try again; it is safe."
    ),
    MessageNotFound: _NO_MESSAGE,
    RecordNotFound: _NO_MESSAGE,
    **DECIDING_PROBLEMS,
    **LIMITS_PROBLEMS,
    **PRIVACY_PROBLEMS,
    **RELEASE_PROBLEMS,
    **SENDING_PROBLEMS,
    ConversationNotFound: Problem(
        "conversation-not-found",
        404,
        "No conversation of yours has this id or reference",
        "Use the id from the answer that sealed its first message.",
    ),
    EditRefused: Problem(
        "edit-refused",
        422,
        "This message cannot be replaced",
        "Name the newest version of a message of yours, in its own conversation.",
    ),
    KeyReused: Problem(
        "idempotency-key-reused",
        422,
        "This idempotency key was used for another request",
        "Use a new key for each message, and the same one only when sending the very same request again.",
    ),
    KeyRunning: Problem(
        "idempotency-key-running",
        409,
        "A request with this key is being answered",
        "Send the same request with the same key again after the seconds in Retry-After.",
        after_s=1,
    ),
    KeyMalformed: Problem(
        "idempotency-key-malformed",
        400,
        "This is no idempotency key",
        "Send 1 to 255 printable ASCII characters as Idempotency-Key, for example a UUID; quotes are allowed.",
    ),
    KeyUnusable: Problem(
        "key-unusable", 503, "A signing key cannot be used", "Nothing was sealed. We have to mend this; try later."
    ),
    NothingToVerify: Problem(
        "nothing-to-verify", 422, "Exactly one thing to verify is needed", "Send one of seal, code, link and text."
    ),
    EnquiryNotInIndustry: Problem(
        "enquiry-not-in-industry", 422, "This industry has no such enquiry", "Choose one of the allowed values."
    ),
    UnknownJurisdiction: Problem(
        "unknown-jurisdiction", 422, "This jurisdiction is not known", "Choose one of the allowed values."
    ),
    UnknownScope: Problem("unknown-scope", 422, "This scope is not known", "Choose among the allowed values."),
    MalformedFacts: Problem("malformed-facts", 422, "Kept facts cannot be read", "Bring facts as they were kept."),
    MalformedAddress: Problem(
        "malformed-address",
        422,
        "The recipient cannot be read",
        'Give a phone number in international form (+46701234567), an e-mail address, or {"reference": "…"}.',
    ),
    MalformedCode: Problem("malformed-code", 422, "This is no code", "A code has 12 symbols: 7K3F-9Q2M-XT4B."),
    MalformedEncoding: Problem(
        "malformed-json", 400, "The body cannot be read as JSON", "Send UTF-8 JSON without duplicate members."
    ),
    MalformedHtml: Problem(
        "malformed-html",
        422,
        "This HTML cannot be sealed",
        "Remove what is hidden from the reader or active: only what she sees can be sealed.",
    ),
    MalformedKey: Problem("malformed-key", 422, "The key cannot be used", "Send a P-256 public key as a JWK."),
    MalformedNote: Problem(
        "malformed-note", 422, "The note, checkpoint or proof cannot be read", "Send it exactly as it was given out."
    ),
    MalformedSeal: Problem(
        "malformed-seal",
        422,
        "This is not a whole seal",
        "Copy the seal again from its first character to the ~ at its end.",
    ),
    MalformedStatusList: Problem(
        "malformed-status-list", 422, "The status list cannot be read", "Fetch it again, whole."
    ),
    NotCanonicalisable: _TEXT,
    HiddenCharacters: _TEXT,
    ProofInvalid: Problem("proof-invalid", 422, "The proof proves something else", "Ask for the proof again."),
    SignatureInvalid: Problem("signature-invalid", 422, "The signature does not verify", "Sign the same bytes again."),
    PolicyInvalid: Problem("policy-invalid", 422, "The policy cannot be loaded", "Mend the file at the line named."),
    LogUnknown: Problem(
        "log-not-found", 404, "There is nothing in the log here", "See /.well-known/sigill-trust.json."
    ),
    EntryUnknown: Problem("entry-not-found", 404, "The log has no such entry", "Ask for an index below the size."),
    StatusListUnknown: Problem(
        "status-list-not-found", 404, "There is no such status list", "See /status for those there are."
    ),
    LogConflict: Problem("log-conflict", 409, "The log belongs to another", "Choose another name."),
    LogCorrupt: Problem(
        "log-corrupt", 503, "The log contradicts itself", "Nothing more is signed until we have mended it."
    ),
    LogHalted: Problem(
        "log-halted",
        503,
        "Nothing is sealed in this log at present",
        "Somebody outside has seen more of it than there is. Nothing was sealed; we have to mend it first.",
        after_s=600,
    ),
    TokenExists: Problem("token-exists", 409, "This seal is in the log already", "Nothing was written. Try again."),
    StoreUnavailable: _STORE,
    CommitInterrupted: _STORE,
    Overloaded: Problem(
        "overloaded",
        503,
        "Too much waits to be sealed",
        "Nothing was sealed. Try again after the seconds in Retry-After, with the same Idempotency-Key.",
        after_s=1,
    ),
    KeyClaimed: Problem(
        "idempotency-key-taken", 409, "The key was claimed meanwhile", "Send the same request with the same key again."
    ),
    GuardFailed: Problem("conflict", 409, "Something else was faster", "Nothing was written. Try again; it is safe."),
    CodeTaken: Problem("code-taken", 503, "No free code was found", "Nothing was sealed. Try again; it is safe."),
}

HTTP_PROBLEMS: Final[Mapping[int, Problem]] = {
    400: Problem("bad-request", 400, "The request cannot be read", "Check the request against the documentation."),
    404: Problem("not-found", 404, "There is nothing here", "See the documentation at /docs."),
    405: Problem("method-not-allowed", 405, "This method is not offered here", "Use one of those in the Allow header."),
    406: Problem("not-acceptable", 406, "No such form is offered", "Accept application/json."),
    408: Problem("request-timeout", 408, "The request took too long to arrive", "Send it again."),
    413: Problem("body-too-large", 413, "The body is too large", "A request has at most 1 MiB, a batch at most 8 MiB."),
    414: Problem("uri-too-long", 414, "The address is too long", "Put content into the body."),
    415: Problem("not-json", 415, "The body is not declared as JSON", "Send `Content-Type: application/json`."),
    422: Problem("request-invalid", 422, "A field cannot be as it is", "Mend the fields listed under errors."),
    431: Problem("headers-too-large", 431, "The headers are too large", "Send fewer or shorter headers."),
    500: INTERNAL,
    503: _STORE,
}


def problem_of(error: SigillError) -> Problem:
    """Return the problem of an error, by its class or the nearest ancestor with one."""
    for kind in type(error).__mro__:
        if kind in PROBLEMS:
            return PROBLEMS[kind]
    return INTERNAL


def all_problems() -> dict[str, Problem]:
    """Return every problem by its slug."""
    return {problem.slug: problem for problem in [*HTTP_PROBLEMS.values(), *PROBLEMS.values()]}
