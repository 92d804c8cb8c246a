"""What stands in the way of an erasure, as problems: a part of the one table in `api.problems`."""

from collections.abc import Mapping
from typing import Final

from api.problem import Problem
from privacy.errors import HoldNotFound, LegallyHeld, RequesterInvalid, RetentionNotOver, SaltKeyNeeded
from sigill.errors import SigillError

PRIVACY_PROBLEMS: Final[Mapping[type[SigillError], Problem]] = {
    RetentionNotOver: Problem(
        "retention-not-over",
        409,
        "It is to be kept longer",
        "Ask again from the time named. An order of a court or an authority outranks it: give that to the guarantor.",
    ),
    LegallyHeld: Problem(
        "legal-hold", 409, "A legal hold keeps it", "Ask the guarantor to release the hold once its reason is over."
    ),
    RequesterInvalid: Problem(
        "reference-invalid", 422, "This cannot stand in the log", "Give a reference without personal data."
    ),
    HoldNotFound: Problem("hold-not-found", 404, "No such hold is in force", "See the list of holds."),
    SaltKeyNeeded: Problem(
        "salt-key-needed", 409, "Messages are still sealed with this salt key", "Wait for the end of its month."
    ),
}
