"""Status lists (Token Status List draft-20, section 8): which seals their senders withdrew, for anyone."""

import re
from typing import Final

from flask import Response, jsonify, request

from api.access import open_to_all
from api.blueprint import ApiBlueprint, problem_responses
from api.current import world
from api.schemas.withdrawals import StatusListsSchema
from transparency.errors import StatusListUnknown
from transparency.status_lists import TTL_S

blueprint = ApiBlueprint("status", __name__, url_prefix="/status", description="Status lists: what was withdrawn")
STATUS_LIST_TYPE: Final = "application/statuslist+jwt"
_NUMBER: Final = re.compile(r"(?:0|[1-9][0-9]{0,15})\Z", re.ASCII)


@blueprint.get("/<string:number>")
@open_to_all
@blueprint.response(200, {"type": "string"}, content_type=STATUS_LIST_TYPE)
@problem_responses(404, 429, 503)
def get_status_list(number: str) -> Response:
    """Return a status list as a signed token. One bit a seal: 1 means that its sender has withdrawn the message."""
    published = world().status_lists.current(int(number)) if _NUMBER.match(number) else None
    if published is None:
        raise StatusListUnknown("there is no such status list")
    zipped = request.accept_encodings.quality("gzip") > 0
    response = Response(published.gzipped if zipped else published.token, content_type=STATUS_LIST_TYPE)
    response.headers["Vary"] = "Accept-Encoding"
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    return _public(response)


@blueprint.get("")
@open_to_all
@blueprint.response(200, StatusListsSchema)
@problem_responses(429, 503)
def get_status_lists() -> Response:
    """Return the addresses of all status lists in use."""
    return _public(jsonify(status_lists=list(world().status_lists.uris())))


def _public(response: Response) -> Response:
    response.headers["Cache-Control"] = f"public, max-age={TTL_S}"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.add_etag()
    response.make_conditional(request)
    return response
