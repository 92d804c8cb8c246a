"""The problems of applying and being checked: a part of the one table in `api.problems`."""

from collections.abc import Mapping
from typing import Final

from api.problem import Problem
from registry.applying.errors import (
    AlarmSettled,
    ApplicationExists,
    ChecksTooMany,
    CheckUnknown,
    DomainUnknown,
    KeyNeeded,
    SourceMissing,
    StatementUnknown,
)
from sigill.errors import SigillError

APPLYING_PROBLEMS: Final[Mapping[type[SigillError], Problem]] = {
    ApplicationExists: Problem(
        "application-exists",
        409,
        "Somebody has applied like this already",
        "If it was you, go on with the API key or the key you applied with; a new application takes a key of its own.",
    ),
    DomainUnknown: Problem(
        "domain-not-found",
        404,
        "No domain of yours is called that",
        "Name it first: POST /v1/operator/domains. GET shows those there are.",
    ),
    KeyNeeded: Problem(
        "key-needed",
        409,
        "You have no public key to bind this to",
        "Register a client with a key first: POST /v1/clients.",
    ),
    ChecksTooMany: Problem(
        "checks-too-many",
        429,
        "As many checks as there may be within an hour were made",
        "Nobody was asked. Try again later; what could not be checked is tried again by itself.",
        after_s=900,
    ),
    AlarmSettled: Problem(
        "alarm-settled",
        409,
        "Nobody has to look at this check any more",
        "See /v1/registry/alarms for those that wait.",
    ),
    CheckUnknown: Problem(
        "check-not-found", 404, "No check has this id", "See /v1/registry/operators/{id}/checks for those there are."
    ),
    SourceMissing: Problem(
        "no-register",
        409,
        "No register that is asked here knows such an identifier",
        "Name a LEI, or send your organisation's seal certificate; a registrar can say what else there is.",
    ),
    StatementUnknown: Problem(
        "statement-unknown",
        422,
        "The signed statement is none that you can use",
        "Get a new one at /v1/operator/application-statement, sign it unchanged, and send it once.",
    ),
}
