"""Pages for customers, made on the server, with no script: verify a message, read an answer, look up an operator."""

from web.blueprint import make_blueprint
from web.notices import not_found_page
from web.reference import ProblemView, operator_page, problem_page
from web.searching import search_page
from web.world import SourceLink, WebWorld

__all__ = [
    "ProblemView",
    "SourceLink",
    "WebWorld",
    "make_blueprint",
    "not_found_page",
    "operator_page",
    "problem_page",
    "search_page",
]
