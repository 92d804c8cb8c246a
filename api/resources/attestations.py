"""Attestation level A: /v1/attestations to ask for a release and to give it, and the evidence of a sealed message."""

from typing import Any, Final

from flask import Response, jsonify

from api.access import open_to_all
from api.audit import tell_refusal
from api.auth import authorized, caller, calling_operator
from api.blueprint import ApiBlueprint, problem_responses
from api.bound import bound
from api.current import world
from api.limits import take_release
from api.problems import problem_of
from api.schemas.attestations import (
    AskedReleaseSchema,
    AssertionSchema,
    GivenReleaseSchema,
    ReleaseEvidenceSchema,
    WaitingReleaseSchema,
)
from api.shapes import iso
from registry.errors import PasskeyRefused
from registry.model import Scope
from releases.errors import ReleasesError
from releases.store import load_evidence
from sigill.encoding.base64url import format_base64url, parse_base64url
from sigill.errors import MalformedEncoding
from sigill.presence.assertion import Assertion
from sigill.presence.errors import MalformedRelease, ReleaseInvalid
from sigill.presence.statement import format_statement
from signing.messages import load_message
from signing.releasing import AskedRelease, ask_release, give_release_by
from storage.engine import reading

blueprint = ApiBlueprint("attestations", __name__, url_prefix="/v1", description="Release messages at level A")
_waiting = WaitingReleaseSchema()
_given = GivenReleaseSchema()
_EXAMPLES: Final[dict[str, Any]] = {
    "person": {
        "value": {
            "person": "pe-0123456789abcdefghjk",
            "message": {
                "authorship": "ai_assisted",
                "channel": "email",
                "enquiry": "complaint",
                "text": "Hej! Vi har granskat ditt klagomål.",
                "recipient": "anna@example.se",
            },
        }
    }
}


@blueprint.post("/attestations/options")
@authorized(Scope.MESSAGES_SIGN)
@blueprint.arguments(AskedReleaseSchema, examples=_EXAMPLES)
@blueprint.response(201, WaitingReleaseSchema)
@problem_responses(400, 401, 403, 413, 415, 422, 429, 503)
def post_options(body: dict[str, Any]) -> Response:
    """Ask for a release: the message as it will be sealed, and who releases it.

    A person opens `page`, reads the very text that is signed, and confirms with a passkey. An AI system signs
    `statement` with its registered key. Then send the same message to `POST /v1/messages` with `attestation`: within
    five minutes, once.
    """
    operator = calling_operator()
    person_id = body.get("person")
    origin = "" if person_id is None else world().people.needed_party().origin
    asked = ask_release(bound(body["message"]), person_id=person_id, operator=operator, world=world().signing)
    return _private(_waiting.dump(_shape(asked, origin=origin)), 201)


@blueprint.post("/attestations/<string:release_id>")
@open_to_all
@blueprint.arguments(AssertionSchema)
@blueprint.response(200, GivenReleaseSchema)
@problem_responses(400, 403, 404, 409, 413, 415, 422, 429, 503)
def post_assertion(body: dict[str, Any], release_id: str) -> Response:
    """Give a release: the release page sends the authenticator's answer here, and the answer is the credential.

    It counts only if it was made on our release page, over this very statement, by a passkey of the person asked, with
    user verification.
    """
    try:
        release = give_release_by(
            release_id,
            credential_id=body["id"],
            assertion=_assertion(body["response"]),
            party=world().people.needed_party(),
            pace=take_release,
            world=world().signing,
        )
    except (ReleasesError, ReleaseInvalid, MalformedRelease, PasskeyRefused) as error:
        tell_refusal("release_refused", problem=problem_of(error).slug)
        raise
    shape = {"id": release.id, "message_id": release.statement.jti, "expires_at": iso(release.expires_at)}
    return _private(_given.dump(shape))


@blueprint.get("/messages/<string(minlength=6):message_id>/evidence")
@authorized(Scope.MESSAGES_READ)
@blueprint.response(200, ReleaseEvidenceSchema)
@problem_responses(401, 403, 404, 429, 503)
def get_evidence(message_id: str) -> Response:
    """Return who, or whose key, released a message: `sigill verify --evidence` checks it with no network.

    The bytes are those that the seal's `att.ev` is the SHA-256 of. They hold no name and nothing of the text.
    """
    operator = caller().operator
    signing = world().signing
    found = load_message(message_id, operator_id=None if operator is None else operator.id, world=signing)
    with reading(signing.engine) as connection:
        record = load_evidence(connection, found.jti)
    response = Response(record, content_type="application/json")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _shape(asked: AskedRelease, *, origin: str) -> dict[str, Any]:
    release = asked.release
    secret = None if asked.key is None else format_base64url(asked.key)
    return {
        "id": release.id,
        "expires_at": iso(release.expires_at),
        "statement": format_statement(release.statement).decode("utf-8"),
        "challenge": format_base64url(asked.challenge),
        "page": None if secret is None else f"{origin}/desk/release/{release.id}#{secret}",
    }


def _assertion(answer: dict[str, Any]) -> Assertion:
    try:
        return Assertion(
            client_data=parse_base64url(answer["clientDataJSON"]),
            authenticator_data=parse_base64url(answer["authenticatorData"]),
            signature=parse_base64url(answer["signature"]),
        )
    except MalformedEncoding as error:
        raise MalformedRelease(f"an authenticator's answer is base64url: {error}") from None


def _private(shape: Any, status: int = 200) -> Response:  # noqa: ANN401 - what a schema dumped
    response = jsonify(shape)
    response.status_code = status
    response.headers["Cache-Control"] = "private, no-store"
    return response
