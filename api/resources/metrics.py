"""Numbers for whoever runs the service, and for nobody else: whoever may not see them learns of nothing here."""

import hmac
from ipaddress import ip_address
from typing import Final

from flask import Response, request
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from werkzeug.exceptions import NotFound

from api.access import decides_itself
from api.blueprint import ApiBlueprint, problem_responses
from api.current import world

blueprint = ApiBlueprint("metrics", __name__, description="For whoever runs the service")
_FORWARDED: Final = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP")


@blueprint.get("/metrics")
@decides_itself("the metrics token, or this very machine")
@blueprint.doc(security=[{}, {"metricsToken": []}])
@blueprint.response(200, {"type": "string"}, content_type=CONTENT_TYPE_PLAIN_0_0_4)
@problem_responses(404)
def get_metrics() -> Response:
    """Return the service's metrics in Prometheus's text format.

    Where a metrics token is set, only to who sends it as bearer token; where none is, only on a service whose public
    address is this very machine, to programs on it that ask directly. Anyone else is answered 404.
    """
    token = world().metrics_token
    if not (_came_directly() if token is None else _brings(token)):
        raise NotFound
    response = Response(world().metrics.text(), content_type=CONTENT_TYPE_PLAIN_0_0_4)
    response.headers["Cache-Control"] = "no-store"
    return response


def _brings(token: str) -> bool:
    scheme, _, brought = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(brought.strip().encode(), token.encode())


def _came_directly() -> bool:
    """Tell whether a program on this machine asks by this machine's name, with no proxy or web page in between.

    A proxy on the same machine that adds no header would look the same: hence the look at the public address, and
    at the name asked for, which a page that rebinds its own name to 127.0.0.1 cannot choose.
    """
    return (
        _is_loopback(request.remote_addr or "")
        and _is_loopback(_host_of(request.host))
        and _is_loopback(_host_of(world().base_url.partition("://")[2]))
        and not any(name in request.headers for name in _FORWARDED)
    )


def _host_of(netloc: str) -> str:
    """Return the host of `host`, `host:port` or `[address]:port`."""
    return netloc[1:].partition("]")[0] if netloc.startswith("[") else netloc.partition(":")[0]


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
