"""The problems of contact points, promises and totals: a part of the one table in `api.problems`."""

from collections.abc import Mapping
from typing import Final

from api.problem import Problem
from registry.sending.errors import (
    CodesExhausted,
    CodeWrong,
    ContactInvalid,
    ContactStands,
    ContactTaken,
    ContactUnknown,
    GatewayFailed,
    GatewayMissing,
    PhoneNotCallable,
    PromiseInvalid,
    PromiseUnknown,
    TotalsRefused,
)
from sigill.errors import SigillError

SENDING_PROBLEMS: Final[Mapping[type[SigillError], Problem]] = {
    ContactInvalid: Problem(
        "contact-invalid", 422, "This cannot be a contact point", "Mend what the detail names; docs: sending policy."
    ),
    ContactUnknown: Problem(
        "contact-not-found",
        404,
        "No contact point of yours has this id",
        "See /v1/operator/contacts for those there are.",
    ),
    ContactStands: Problem(
        "contact-state",
        409,
        "The contact point cannot go on from here",
        "See its state; the detail says what is missing.",
    ),
    ContactTaken: Problem(
        "contact-taken",
        409,
        "A registrar decides whose this contact point is",
        "Nothing more is needed; you may ask us.",
    ),
    PhoneNotCallable: Problem(
        "phone-not-callable",
        422,
        "No code is sent to this number",
        "Give a number of one of your markets that costs nothing extra, or ask a registrar to look at it.",
    ),
    GatewayMissing: Problem(
        "gateway-missing", 409, "No codes are sent from here", "Ask a registrar to look at the number."
    ),
    GatewayFailed: Problem(
        "gateway-failed", 503, "The code could not be handed over", "Let another one be sent in a while.", after_s=60
    ),
    CodesExhausted: Problem(
        "codes-exhausted", 429, "Too many codes for now", "Wait for the seconds in Retry-After, then let one be sent."
    ),
    CodeWrong: Problem(
        "code-wrong", 422, "This is not the code", "Type the six digits again, or let another code be sent."
    ),
    PromiseInvalid: Problem("promise-invalid", 422, "The promise cannot be like this", "Mend what the detail names."),
    PromiseUnknown: Problem(
        "promise-not-found", 404, "No promise of yours has this id", "See /v1/operator/promises for those there are."
    ),
    TotalsRefused: Problem(
        "totals-refused", 422, "The totals cannot be taken", "Mend what the detail names, and sign them anew."
    ),
}
