"""POST /v1/verifications: no credential, nothing of the content stored, 200 whatever the verdict."""

from typing import Any

from flask import Response, jsonify, request

from api.access import open_to_all
from api.blueprint import ApiBlueprint, problem_responses
from api.current import world
from api.resources.sending_shapes import sending_shape
from api.schemas.verifications import VerdictSchema, VerifySchema
from api.shapes import describe_source, successor_shape
from registry.assurance import is_demonstration
from sigill.report.describe import describe_report
from sigill.report.language import choose_language
from sigill.report.words import words
from sigill.text.addresses import parse_address
from sigill.vocabulary import Language
from verification.claimed import Claim
from verification.find import Brought
from verification.receipt import sign_receipt
from verification.service import Verdict, VerifyRequest

blueprint = ApiBlueprint("verifications", __name__, url_prefix="/v1", description="Verify the sender of a message")
_verdict = VerdictSchema()
_PREFLIGHT_S = "86400"


@blueprint.post("/verifications")
@open_to_all
@blueprint.arguments(VerifySchema)
@blueprint.response(200, VerdictSchema)
@problem_responses(400, 413, 415, 422, 429, 503)
def post_verification(body: dict[str, Any]) -> Response:
    """Say who sent a message, and whether a human or an AI wrote it.

    Bring a seal, a code, a link, or the text itself (it may carry a code). A code or seal alone is never *genuine*:
    bring the text too, and the recipient where the seal is bound to one. `receipt` is null while its key is away.
    Of a message without a seal, say who it claims to be from (`claimed`): `sending` then tells what that one promises.
    """
    recipient = body.get("recipient")
    asked = VerifyRequest(
        brought=Brought(seal=body.get("seal"), code=body.get("code"), link=body.get("link"), text=body.get("text")),
        content=body.get("content"),
        hashes=tuple(body["h"]),
        links=_optional_tuple(body.get("links")),
        files=_optional_tuple(body.get("files")),
        recipient=None if recipient is None else parse_address(recipient),
        claim=Claim(**body["claimed"]) if "claimed" in body else None,
    )
    verdict = world().verify(asked)
    language = body.get("language") or choose_language(request.headers.get("Accept-Language"))
    shape = verdict_shape(verdict, language)
    content = body.get("content") or body.get("text")
    shape["sending"] = None if verdict.sending is None else sending_shape(verdict.sending, words(language))
    shape["receipt"] = sign_receipt(verdict, content=content, world=world().verification)
    response = jsonify(_verdict.dump(shape))
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.after_request
def allow_any_page(response: Response) -> Response:
    """Let any web page ask (CORS), as an operator's chat with the badge does: no cookie or key is involved."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "Retry-After"
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "POST"
        response.headers["Access-Control-Allow-Headers"] = "Content-Type"
        response.headers["Access-Control-Max-Age"] = _PREFLIGHT_S
    return response


def verdict_shape(verdict: Verdict, language: Language) -> dict[str, Any]:
    """Return a verdict as the API shows it; nothing about the sender unless issuer and signature passed."""
    shape = describe_report(verdict.report, words(language), trust=world().trust(), receipt=verdict.receipt)
    if verdict.report.proven is None:
        return shape
    operator = verdict.operator
    shape["sender"] |= {
        "state_now": None if operator is None else operator.state.value,
        "successor": None if operator is None else successor_shape(operator),
        "demonstration": None if operator is None else is_demonstration(operator),
        "page": f"{world().base_url}/registry/operators/{shape['sender']['id']}",
    }
    if shape["acting"] is not None:
        shape["acting"]["page"] = f"{world().base_url}/registry/operators/{shape['acting']['id']}"
    return shape | {"decision": _decision(verdict), "log": {"origin": verdict.log_origin, "index": verdict.log_index}}


def _decision(verdict: Verdict) -> dict[str, Any] | None:
    if verdict.decision is None:
        return None
    decision = dict(verdict.decision)
    if verdict.decided is not None:
        sources = world().signing.policies.policies.vocabulary.sources
        decision["explained"] = [
            {
                "id": rule["id"],
                "why": rule["why"],
                "basis": rule["basis"],
                "sources": [describe_source(item, sources) for item in rule["sources"]],
            }
            for rule in verdict.decided["rules"]
        ]
    return decision


def _optional_tuple(items: list[str] | None) -> tuple[str, ...] | None:
    return None if items is None else tuple(items)
