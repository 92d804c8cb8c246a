"""From the API's problems to what their pages show."""

from api.problem import Problem
from web import ProblemView


def view_problem(problem: Problem) -> ProblemView:
    """Return a problem as its page shows it."""
    return ProblemView(slug=problem.slug, status=problem.status, title=problem.title, mend=problem.mend)
