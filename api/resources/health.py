"""Is the process alive, and can it do its work?"""

from flask import Response, jsonify, make_response

from api.access import open_to_all
from api.blueprint import ApiBlueprint
from api.current import world
from api.schemas.wellknown import HealthSchema, ReadinessSchema

blueprint = ApiBlueprint("health", __name__, description="For whoever runs the service")


@blueprint.get("/healthz")
@open_to_all
@blueprint.response(200, HealthSchema)
def get_health() -> Response:
    """Answer while the process lives."""
    return jsonify(status="alive")


@blueprint.get("/readyz")
@open_to_all
@blueprint.response(200, ReadinessSchema)
@blueprint.alt_response(503, schema=ReadinessSchema)
def get_readiness() -> Response:
    """Answer 200 where everything needed works, 503 naming what does not."""
    readiness = world().readiness()
    parts = {name: fault or "ok" for name, fault in readiness.parts.items()}
    response = make_response(jsonify(ready=readiness.ready, parts=parts), 200 if readiness.ready else 503)
    response.headers["Cache-Control"] = "no-store"
    if not readiness.ready:
        response.headers["Retry-After"] = "2"
    return response
