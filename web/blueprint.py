"""The customer's routes: the verify page, its answers, a code's page, the static files. Nothing is stored."""

import contextlib
import logging
from functools import partial
from typing import Final

from flask import Blueprint, Response, redirect, request
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wrappers import Response as AnyResponse

from limiting.errors import LimitingError
from settings.discretion import where_raised
from sigill.errors import MalformedCode, MalformedSeal, NotCanonicalisable, SigillError
from sigill.report.answers import Reason
from sigill.report.checks import Outcome
from sigill.report.judge import report_without_seal
from sigill.report.words import words
from sigill.text.codes import format_code, parse_code
from verification.service import Verdict, VerifyRequest
from web.assets import served_as
from web.forms import MAX_FORM_BYTES, CheckForm, FormFault, ask, read_form, step_left
from web.notices import error_page, not_found_page, too_large_page, too_many_page
from web.pages import language_of_request, render_page
from web.views import view_verdict
from web.world import WebWorld

_LOGGER: Final = logging.getLogger("sigill.web")
_YEAR_S: Final = 31_536_000
_GROUP_TITLES: Final = {
    Outcome.PASSED: "proven_title",
    Outcome.FAILED: "failed_title",
    Outcome.NOT_CHECKED: "not_checked_title",
}


def make_blueprint(world: WebWorld) -> Blueprint:
    """Return the customer's pages. What goes wrong in them is logged without content and answered as a page."""
    blueprint = Blueprint("web", __name__)
    blueprint.add_url_rule("/", "verify", partial(_verify_page, world))
    blueprint.add_url_rule("/check", "check", partial(_check, world), methods=["POST"])
    blueprint.add_url_rule("/check", "start", _start)
    blueprint.add_url_rule("/s/<string:code>", "code", partial(_code_page, world))
    blueprint.add_url_rule("/static/<string:name>", "static", _static)
    blueprint.register_error_handler(Exception, partial(_failed, world))
    return blueprint


def _verify_page(world: WebWorld) -> Response:
    return render_page("verify.html", world=world, form=CheckForm(), fault=None)


def _start() -> AnyResponse:
    """Send whoever opens an answer's address again back to the form."""
    return redirect("/", 303)


def _check(world: WebWorld) -> Response:
    request.max_content_length = MAX_FORM_BYTES
    form = read_form(request.form)
    try:
        asked = ask(form, language=language_of_request())
    except FormFault as fault:
        return render_page("verify.html", world=world, form=form, fault=fault.field.value, hidden=True)
    return _result(world, asked, form)


def _code_page(world: WebWorld, code: str) -> Response:
    with contextlib.suppress(MalformedCode):
        code = format_code(parse_code(code))
    form = CheckForm(reference=code)
    return _result(world, ask(form, language=language_of_request()), form)


def _result(world: WebWorld, asked: VerifyRequest, form: CheckForm) -> Response:
    try:
        verdict = _verify(world, asked)
    except NotCanonicalisable:  # longer than we compare
        return too_large_page(world)
    code = None if verdict.code is None else format_code(verdict.code)
    view = view_verdict(verdict, words=words(language_of_request()), world=world, code=code)
    return render_page("result.html", world=world, form=step_left(form), hidden=True, view=view, titles=_GROUP_TITLES)


def _verify(world: WebWorld, asked: VerifyRequest) -> Verdict:
    """Return the verdict; half a seal cannot be read."""
    try:
        return world.verify(asked)
    except MalformedSeal:
        return Verdict(report=report_without_seal(Reason.SEAL_UNREADABLE), at=world.now())


def _static(name: str) -> Response:
    asset = served_as(name)
    if asset is None:
        raise NotFound
    response = Response(asset.content, content_type=asset.content_type)
    response.headers["Cache-Control"] = f"public, max-age={_YEAR_S}, immutable"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _failed(world: WebWorld, error: Exception) -> Response:
    if isinstance(error, LimitingError):
        return too_many_page(world, after_s=error.after_s)
    if isinstance(error, HTTPException):
        if error.code == 413:  # noqa: PLR2004 - the form is larger than we read
            return too_large_page(world)
        return not_found_page(world) if error.code == 404 else error_page(world, error.code or 500)  # noqa: PLR2004
    name, where = type(error).__name__, where_raised(error)
    _LOGGER.error("unforeseen %s at %s %s\n%s", name, request.method, request.url_rule, where)
    return error_page(world, 503 if isinstance(error, SigillError) else 500)
