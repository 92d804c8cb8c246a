"""GET /registry/search: who has this name, number, domain, phone number or sender name? JSON, or a page for people."""

from typing import Any

from flask import Response, jsonify, make_response

from api.access import open_to_all
from api.blueprint import ApiBlueprint, accepts_html, problem_responses
from api.current import world
from api.schemas.sending import SearchQuerySchema, SearchSchema
from registry.sending.searching import Found, search

blueprint = ApiBlueprint("search", __name__, url_prefix="/registry", description="Who the operators are")
_search = SearchSchema()


@blueprint.get("/search")
@open_to_all
@blueprint.arguments(SearchQuerySchema, location="query")
@blueprint.response(200, SearchSchema)
@problem_responses(422, 429, 503)
def get_search(query: dict[str, Any]) -> Response:
    """Find operators by name, organisation number, LEI, domain, phone number or sender name; at most twenty.

    Only those that were ever verified are listed; `state` says where each stands now. Names that merely look like what
    was asked for come last and say so. Browsers get a page.
    """
    sending = world().sending
    found = search(sending.directory.pages(), query["q"], at=sending.now(), unlisted=sending.unlisted)
    if accepts_html():
        response = make_response(world().search_page(query["q"], found))
    else:
        shape = {"results": [_shape(each) for each in found.results], "more": found.more}
        response = jsonify(_search.dump(shape))
    response.headers["Vary"] = "Accept, Accept-Language"
    response.headers["Cache-Control"] = "no-store"
    return response


def _shape(found: Found) -> dict[str, Any]:
    listed = found.listed
    return {
        "id": listed.id,
        "name": listed.name,
        "identifier": listed.identifier,
        "industry": listed.industry.value,
        "state": listed.state.value,
        "match": found.match.value,
        "url": f"{world().base_url}/registry/operators/{listed.id}",
    }
