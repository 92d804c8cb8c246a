"""The problems of deciding about operators: a part of the table in `api.problems`."""

from collections.abc import Mapping
from typing import Final

from api.problem import Problem
from registry.errors import (
    AppealRefused,
    AppealUnknown,
    EvidenceMissing,
    LikenessClosed,
    LikenessOpen,
    LikenessUnknown,
    PersonNeeded,
    ProposalClosed,
    ProposalUnknown,
    ReasonRefused,
    SameHands,
    SecondPersonNeeded,
)
from sigill.errors import SigillError

DECIDING_PROBLEMS: Final[Mapping[type[SigillError], Problem]] = {
    PersonNeeded: Problem(
        "person-needed",
        403,
        "Only a registrar decides, with a key of her own",
        "Use a key that was given to you as a registrar; a program's key can look, but not decide.",
    ),
    SecondPersonNeeded: Problem(
        "second-person-needed", 403, "Another person has to look at this", "Ask another registrar."
    ),
    SameHands: Problem(
        "same-hands",
        403,
        "Your key and the other person's went through the same hands",
        "Ask a registrar whom neither of you let in and who let in neither: docs/deciding.md says how.",
    ),
    EvidenceMissing: Problem(
        "evidence-missing",
        409,
        "Evidence is missing or no longer counts",
        "Have what is listed under missing checked first; docs/registry-checks.md says how.",
    ),
    LikenessOpen: Problem(
        "likeness-open",
        409,
        "The name could be taken for another operator's",
        "Accept or refuse the likeness first, or choose another name.",
    ),
    ReasonRefused: Problem(
        "reason-refused",
        422,
        "The reason looks like personal data",
        "It is public and stays for ever: give a reference, such as a case number with fewer than ten digits.",
    ),
    ProposalUnknown: Problem(
        "proposal-not-found",
        404,
        "The operator has no such proposal",
        "See the operator's proposals for their numbers.",
    ),
    ProposalClosed: Problem(
        "proposal-closed", 409, "Nothing is left to decide here", "See where the operator stands, and propose anew."
    ),
    LikenessUnknown: Problem(
        "likeness-not-found", 404, "The operator has no such likeness", "See the operator's likenesses."
    ),
    LikenessClosed: Problem(
        "likeness-closed", 409, "A registrar has looked at this already", "Choose another name where it was refused."
    ),
    AppealUnknown: Problem("appeal-not-found", 404, "The operator has no such appeal", "See the operator's appeals."),
    AppealRefused: Problem(
        "appeal-refused",
        409,
        "There is nothing to appeal, or nothing more to answer",
        "A suspension, a revocation and a rejected application can each be appealed against once.",
    ),
}
