"""What is looked up: an operator's page and a problem's page. The API chooses between these and JSON."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response

from registry.model import Operator
from registry.sending.public import SendingPolicy
from registry.steps import LoggedStep
from sigill.report.words import words
from web.mandates import ShownMandate
from web.operator_steps import tell_steps
from web.operators import view_operator
from web.pages import language_of_request, render_page
from web.sending import view_policy
from web.world import WebWorld


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemView:
    """One kind of problem: its name in the type's address, HTTP status, what it means and how to mend it."""

    slug: str
    status: int
    title: str
    mend: str


def operator_page(
    world: WebWorld,
    operator: Operator,
    policy: SendingPolicy,
    log_url: str | None,
    *,
    mandates: Sequence[ShownMandate] = (),
    steps: Sequence[LoggedStep] = (),
) -> Response:
    """Return what is known of an operator and how; `log_url` is its log's address without a slash at the end.

    `steps` are its newest, the newest first. A page about which nothing is decided yet is not to be indexed.
    """
    speech = words(language_of_request())
    view = view_operator(operator, words=speech, world=world, log_url=log_url, mandates=mandates)
    shown = view_policy(policy, words=speech, world=world)
    told = tell_steps(steps, words=speech, zone=world.zone)
    hidden = not operator.was_verified
    return render_page("operator.html", world=world, hidden=hidden, view=view, policy=shown, history=told)


def problem_page(world: WebWorld, problem: ProblemView) -> Response:
    """Return the documentation of one problem type, with an example of its document."""
    example = {
        "type": f"{world.base_url}/problems/{problem.slug}",
        "title": problem.title,
        "status": problem.status,
        "detail": "…",
        "next": problem.mend,
    }
    text = json.dumps(example, ensure_ascii=False, indent=1)
    return render_page("problem.html", world=world, problem=problem, example=text)
