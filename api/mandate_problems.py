"""The problems of mandates and of the register of AI systems: a part of the table in `api.problems`."""

from collections.abc import Mapping
from typing import Final

from api.problem import Problem
from registry.errors import (
    AiSystemNotFound,
    MandateClosed,
    MandateExceeded,
    MandateMissing,
    MandateRevoked,
    MandateUnknown,
)
from sigill.errors import SigillError

MANDATE_PROBLEMS: Final[Mapping[type[SigillError], Problem]] = {
    MandateUnknown: Problem(
        "mandate-not-found", 404, "No mandate of yours has this id", "See /v1/operator/mandates for those there are."
    ),
    MandateMissing: Problem(
        "mandate-missing",
        403,
        "You have no mandate in force for this operator",
        "Ask its administrator for one (POST /v1/operator/mandates), accept it, and wait until it begins.",
    ),
    MandateRevoked: Problem(
        "mandate-revoked",
        403,
        "The mandate for this operator was ended",
        "Nothing was sealed. Stop sending for it, or ask its administrator for a new mandate.",
    ),
    MandateExceeded: Problem(
        "mandate-exceeded",
        403,
        "The mandate does not cover this message",
        "Send only what the detail says the mandate covers, or ask for a wider one.",
    ),
    AiSystemNotFound: Problem(
        "ai-system-not-found", 404, "No AI system of yours is called that", "See /v1/ai-systems for those there are."
    ),
    MandateClosed: Problem(
        "mandate-closed", 409, "The mandate has ended", "Ask for a new one: what has ended cannot be accepted."
    ),
}
