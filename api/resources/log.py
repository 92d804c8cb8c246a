"""The logs as C2SP tlog-tiles: checkpoints and hash tiles for anyone, operators' entry bundles for auditors.

The root log's entries are for anyone as well: they are other logs' heads. Its checkpoint is the newest that a quorum of
witnesses cosigned.
"""

from flask import Response, request

from api.access import decides_itself, open_to_all
from api.auth import authenticate_caller
from api.blueprint import ApiBlueprint, problem_responses
from api.current import world
from registry.errors import ScopeMissing
from registry.model import Scope
from sigill.errors import MalformedNote
from sigill.report.trust import ROOT
from sigill.tlog.tiles import Bundle, Tile, parse_path
from transparency.errors import LogUnknown
from transparency.root_log import newest_note

blueprint = ApiBlueprint("log", __name__, url_prefix="/log", description="The operators' logs (C2SP tlog-tiles)")
_IMMUTABLE = "public, max-age=31536000, immutable"
_OCTETS = "application/octet-stream"
_NOTE = "text/plain; charset=utf-8"


@blueprint.get("/<string:operator_id>/checkpoint")
@open_to_all
@blueprint.response(200, {"type": "string"}, content_type=_NOTE)
@problem_responses(404, 429, 503)
def get_checkpoint(operator_id: str) -> Response:
    """Return the newest signed checkpoint of one operator's log, or of `root` (https://c2sp.org/tlog-checkpoint)."""
    note = newest_note(world().signing.engine) if operator_id == ROOT else world().signing.log.checkpoint(operator_id)
    if note is None:
        raise LogUnknown(f"there is no log called {operator_id[:63]!r}")
    response = Response(note, content_type=_NOTE)
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.add_etag()
    response.make_conditional(request)
    return response


@blueprint.get("/<string:operator_id>/tile/<path:path>")
@decides_itself("entries of operators' logs; hashes, and the root log, are open to all", scope=Scope.LOG_READ_ENTRIES)
@blueprint.doc(security=[{}, {"apiKey": []}])
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type=_OCTETS)
@problem_responses(401, 403, 404, 429, 503)
def get_tile(operator_id: str, path: str) -> Response:
    """Return one tile (https://c2sp.org/tlog-tiles): hashes for anyone, entries with an auditor's key.

    The entries of `root` are for anyone.
    """
    try:
        place = parse_path(f"tile/{path}")
    except MalformedNote:
        raise LogUnknown("this is no path of a tile") from None
    entries = isinstance(place, Bundle)
    data = _entries(operator_id, place) if isinstance(place, Bundle) else _hashes(operator_id, place)
    if data is None:
        raise LogUnknown("there is no such tile (yet)")
    response = Response(data, content_type=_OCTETS)
    response.headers["Cache-Control"] = "private, no-store" if entries and operator_id != ROOT else _IMMUTABLE
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _hashes(operator_id: str, tile: Tile) -> bytes | None:
    return world().signing.log.tile(operator_id, tile.level, tile.index, tile.width)


def _entries(operator_id: str, bundle: Bundle) -> bytes | None:
    operator = None if operator_id == ROOT else authenticate_caller(Scope.LOG_READ_ENTRIES).operator
    if operator is not None and operator.id != operator_id:
        raise ScopeMissing(f"this key reads the entries of {operator.id} only")
    return world().signing.log.entry_bundle(operator_id, bundle.index, bundle.width)
