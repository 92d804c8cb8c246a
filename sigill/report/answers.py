"""The one table from what was found to the plain answer. Read it top down: the first row that fits decides.

`genuine` stands last: it is what remains when nothing failed and nothing needed was left unchecked. A code or a
copied seal alone never gets there, because a fraudster can lift one from a real message. Its rows name everything
that must have passed: a detail they do not know reaches no row, and that is an error, not an answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Final, TypeAlias

from sigill.report.checks import Detail


class Answer(StrEnum):
    """The five plain answers (the fifth is for calls)."""

    GENUINE = "genuine"
    INCOMPLETE = "incomplete"
    NOT_GENUINE = "not_genuine"
    CANNOT_SAY = "cannot_say"
    NOT_US_NOT_NOW = "not_us_not_now"


class Reason(StrEnum):
    """Why this answer; the customer's words for each are in `sigill/report/languages`."""

    GENUINE = "genuine"
    GENUINE_OPERATOR_SUSPENDED_SINCE = "genuine_operator_suspended_since"
    GENUINE_OPERATOR_REVOKED_SINCE = "genuine_operator_revoked_since"
    GENUINE_NEWER_VERSION = "genuine_newer_version"
    GENUINE_ERASED_SINCE = "genuine_erased_since"

    GIVE_CONTENT = "give_content"
    GIVE_RECIPIENT = "give_recipient"
    GIVE_CONTENT_AND_RECIPIENT = "give_content_and_recipient"
    PARTLY_COVERED = "partly_covered"

    KEY_UNKNOWN = "key_unknown"
    SIGNATURE_WRONG = "signature_wrong"
    KEY_NOT_VALID_THEN = "key_not_valid_then"
    KEY_COMPROMISED = "key_compromised"
    OPERATOR_NOT_IN_STANDING = "operator_not_in_standing"
    NOT_IN_THE_LOG = "not_in_the_log"
    NOT_IN_THE_ROOT_LOG = "not_in_the_root_log"
    TEXT_ALTERED = "text_altered"
    CODE_OF_ANOTHER_MESSAGE = "code_of_another_message"
    LINK_NOT_OURS = "link_not_ours"
    OTHER_RECIPIENT = "other_recipient"
    LINKS_ALTERED = "links_altered"
    FILES_ALTERED = "files_altered"
    RELEASE_WRONG = "release_wrong"
    WITHDRAWN = "withdrawn"

    UNSIGNED = "unsigned"
    SEAL_UNREADABLE = "seal_unreadable"
    CODE_UNKNOWN = "code_unknown"
    HIDDEN_CHARACTERS = "hidden_characters"
    GUARANTOR_UNKNOWN = "guarantor_unknown"
    KEY_LIST_TOO_OLD = "key_list_too_old"
    EXPIRED = "expired"
    FROM_THE_FUTURE = "from_the_future"
    TEST_SEAL = "test_seal"
    LOG_NOT_CHECKED = "log_not_checked"
    STATUS_NOT_CHECKED = "status_not_checked"
    CONTENT_NOT_OPENABLE = "content_not_openable"
    RECIPIENT_NOT_OPENABLE = "recipient_not_openable"


class Circumstance(StrEnum):
    """What is known beside the checks and changes the answer's words."""

    FOUND_BY_CODE = "found_by_code"
    TEST_ENVIRONMENT = "test_environment"
    FOREIGN_LINK = "foreign_link"
    NEWER_VERSION = "newer_version"
    ERASED_SINCE = "erased_since"


Fact: TypeAlias = Detail | Circumstance


@dataclass(frozen=True, slots=True)
class Row:
    """Where every fact of `when` holds, this is the answer."""

    when: frozenset[Fact]
    answer: Answer
    reason: Reason


def _row(answer: Answer, reason: Reason, *when: Fact) -> Row:
    return Row(frozenset(when), answer, reason)


def _genuine_rows() -> Iterator[Row]:
    """Yield the rows of *genuine*: all of `_NEEDED`, with each standing, status and recipient that may go with it."""
    since: tuple[tuple[Reason, tuple[Fact, ...]], ...] = (
        (Reason.GENUINE_OPERATOR_REVOKED_SINCE, (Detail.REVOKED_SINCE,)),
        (Reason.GENUINE_OPERATOR_SUSPENDED_SINCE, (Detail.SUSPENDED_SINCE,)),
        (Reason.GENUINE_NEWER_VERSION, (Detail.STANDING_VOUCHED, Circumstance.NEWER_VERSION)),
        (Reason.GENUINE_ERASED_SINCE, (Detail.STANDING_VOUCHED, Circumstance.ERASED_SINCE)),
        (Reason.GENUINE, (Detail.STANDING_VOUCHED,)),
    )
    for reason, known in since:
        for status, recipient in product(
            (Detail.STATUS_VALID, Detail.STATUS_NOT_CARRIED), (Detail.RECIPIENT_MATCHES, Detail.RECIPIENT_NOT_BOUND)
        ):
            yield _row(Answer.GENUINE, reason, *_NEEDED, *known, status, recipient)


_NEEDED: Final = (
    Detail.KNOWN_GUARANTOR,
    Detail.SIGNATURE_VERIFIES,
    Detail.WITHIN_VALIDITY,
    Detail.IN_THE_LOG,
    Detail.CONTENT_MATCHES,
)
_NO: Final = Answer.NOT_GENUINE
_UNKNOWN: Final = Answer.CANNOT_SAY
_STEP: Final = Answer.INCOMPLETE

TABLE: Final = (
    # Who vouches, and is it really their seal?
    _row(_UNKNOWN, Reason.GUARANTOR_UNKNOWN, Detail.UNKNOWN_GUARANTOR),
    _row(_UNKNOWN, Reason.KEY_LIST_TOO_OLD, Detail.KEY_LIST_OLDER_THAN_SEAL),
    _row(_NO, Reason.KEY_UNKNOWN, Detail.KEY_UNKNOWN),
    _row(_NO, Reason.SIGNATURE_WRONG, Detail.SIGNATURE_WRONG),
    _row(_NO, Reason.KEY_COMPROMISED, Detail.KEY_COMPROMISED),
    _row(_NO, Reason.KEY_NOT_VALID_THEN, Detail.KEY_NOT_VALID_THEN),
    # Anything that failed.
    _row(_NO, Reason.OPERATOR_NOT_IN_STANDING, Detail.NOT_IN_STANDING_THEN),
    _row(_NO, Reason.NOT_IN_THE_LOG, Detail.NOT_IN_THE_LOG),
    _row(_NO, Reason.NOT_IN_THE_ROOT_LOG, Detail.NOT_IN_THE_ROOT_LOG),
    _row(_NO, Reason.LINK_NOT_OURS, Circumstance.FOREIGN_LINK),
    _row(_NO, Reason.CODE_OF_ANOTHER_MESSAGE, Detail.CONTENT_DIFFERS, Circumstance.FOUND_BY_CODE),
    _row(_NO, Reason.TEXT_ALTERED, Detail.CONTENT_DIFFERS),
    _row(_NO, Reason.OTHER_RECIPIENT, Detail.RECIPIENT_DIFFERS),
    _row(_NO, Reason.LINKS_ALTERED, Detail.LINKS_DIFFER),
    _row(_NO, Reason.FILES_ALTERED, Detail.FILES_DIFFER),
    _row(_NO, Reason.RELEASE_WRONG, Detail.RELEASE_WRONG),
    _row(_NO, Reason.WITHDRAWN, Detail.WITHDRAWN),  # last: what was altered is not what the sender withdrew
    # Nothing failed, but it cannot count or a needed check could not be made.
    _row(_UNKNOWN, Reason.FROM_THE_FUTURE, Detail.FROM_THE_FUTURE),
    _row(_UNKNOWN, Reason.EXPIRED, Detail.EXPIRED),
    _row(_UNKNOWN, Reason.TEST_SEAL, Circumstance.TEST_ENVIRONMENT),
    _row(_UNKNOWN, Reason.HIDDEN_CHARACTERS, Detail.CONTENT_HIDDEN_CHARACTERS),
    _row(_UNKNOWN, Reason.LOG_NOT_CHECKED, Detail.NO_RECEIPT),
    _row(_UNKNOWN, Reason.LOG_NOT_CHECKED, Detail.LOG_UNREACHABLE),
    _row(_UNKNOWN, Reason.LOG_NOT_CHECKED, Detail.LOG_KEY_UNKNOWN),
    _row(_UNKNOWN, Reason.STATUS_NOT_CHECKED, Detail.STATUS_UNKNOWN),
    _row(_UNKNOWN, Reason.STATUS_NOT_CHECKED, Detail.STATUS_LIST_TOO_OLD),
    _row(_UNKNOWN, Reason.STATUS_NOT_CHECKED, Detail.STATUS_LIST_WRONG),
    _row(_UNKNOWN, Reason.CONTENT_NOT_OPENABLE, Detail.CONTENT_NOT_OPENABLE),
    _row(_UNKNOWN, Reason.RECIPIENT_NOT_OPENABLE, Detail.RECIPIENT_NOT_OPENABLE),
    # One step left.
    _row(_STEP, Reason.PARTLY_COVERED, Detail.CONTENT_PARTLY_MATCHES),
    _row(_STEP, Reason.GIVE_CONTENT_AND_RECIPIENT, Detail.CONTENT_NOT_GIVEN, Detail.RECIPIENT_NOT_GIVEN),
    _row(_STEP, Reason.GIVE_CONTENT, Detail.CONTENT_NOT_GIVEN),
    _row(_STEP, Reason.GIVE_RECIPIENT, Detail.RECIPIENT_NOT_GIVEN),
    # Everything needed passed; what changed since is said.
    *_genuine_rows(),
)


def answer_for(facts: frozenset[Fact]) -> tuple[Answer, Reason]:
    """Return the answer and reason of the first row whose facts all hold.

    Raises LookupError if no row fits: that would be a hole in the table, and a property test shows there is none.
    """
    for row in TABLE:
        if row.when <= facts:
            return row.answer, row.reason
    raise LookupError("no row of the table fits")
