"""What is checked, how it can end, and the detail that says why.

An outcome has no truth value on purpose: *not checked* must never slip through an `if`.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final


class CheckName(StrEnum):
    """The named checks, in the order they are made and shown; the last one only for a message that was released."""

    ISSUER = "issuer"
    SIGNATURE = "signature"
    VALIDITY = "validity"
    STANDING = "standing"
    STATUS = "status"
    LOG = "log"
    WITNESSED = "witnessed"
    CONTENT = "content"
    EXACT_BYTES = "exact_bytes"
    LINKS = "links"
    FILES = "files"
    RECIPIENT = "recipient"
    ATTESTATION = "attestation"


class Outcome(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not_checked"


class Detail(StrEnum):
    """Why a check ended as it did; the customer's words for each are in `sigill/report/languages`."""

    KNOWN_GUARANTOR = "known_guarantor"
    UNKNOWN_GUARANTOR = "unknown_guarantor"

    SIGNATURE_VERIFIES = "signature_verifies"
    SIGNATURE_WRONG = "signature_wrong"
    KEY_UNKNOWN = "key_unknown"
    KEY_LIST_OLDER_THAN_SEAL = "key_list_older_than_seal"
    KEY_NOT_VALID_THEN = "key_not_valid_then"
    KEY_COMPROMISED = "key_compromised"

    WITHIN_VALIDITY = "within_validity"
    EXPIRED = "expired"
    FROM_THE_FUTURE = "from_the_future"

    STANDING_VOUCHED = "standing_vouched"
    SUSPENDED_SINCE = "suspended_since"
    REVOKED_SINCE = "revoked_since"
    NOT_IN_STANDING_THEN = "not_in_standing_then"

    STATUS_VALID = "status_valid"
    WITHDRAWN = "withdrawn"
    STATUS_NOT_CARRIED = "status_not_carried"
    STATUS_UNKNOWN = "status_unknown"
    STATUS_LIST_TOO_OLD = "status_list_too_old"
    STATUS_LIST_WRONG = "status_list_wrong"

    IN_THE_LOG = "in_the_log"
    NOT_IN_THE_LOG = "not_in_the_log"
    NO_RECEIPT = "no_receipt"
    LOG_UNREACHABLE = "log_unreachable"
    LOG_KEY_UNKNOWN = "log_key_unknown"

    WITNESSED = "witnessed"
    NOT_WITNESSED_YET = "not_witnessed_yet"
    TOO_FEW_WITNESSES = "too_few_witnesses"
    NO_WITNESS_TRUSTED = "no_witness_trusted"
    NOT_IN_THE_ROOT_LOG = "not_in_the_root_log"

    CONTENT_MATCHES = "content_matches"
    CONTENT_PARTLY_MATCHES = "content_partly_matches"
    CONTENT_DIFFERS = "content_differs"
    CONTENT_NOT_GIVEN = "content_not_given"
    CONTENT_NOT_OPENABLE = "content_not_openable"
    CONTENT_HIDDEN_CHARACTERS = "content_hidden_characters"

    SAME_BYTES = "same_bytes"
    OTHER_SPACING = "other_spacing"
    BYTES_NOT_COMPARED = "bytes_not_compared"

    LINKS_MATCH = "links_match"
    LINKS_DIFFER = "links_differ"
    LINKS_NOT_GIVEN = "links_not_given"

    FILES_MATCH = "files_match"
    FILES_DIFFER = "files_differ"
    FILES_NOT_GIVEN = "files_not_given"

    RECIPIENT_MATCHES = "recipient_matches"
    RECIPIENT_DIFFERS = "recipient_differs"
    RECIPIENT_NOT_BOUND = "recipient_not_bound"
    RECIPIENT_NOT_GIVEN = "recipient_not_given"
    RECIPIENT_NOT_OPENABLE = "recipient_not_openable"
    CONTENT_FIRST = "content_first"

    RELEASED = "released"
    RELEASE_NOT_BROUGHT = "release_not_brought"
    RELEASE_OF_ANOTHER = "release_of_another"
    RELEASE_WRONG = "release_wrong"

    SIGNATURE_FIRST = "signature_first"


@dataclass(frozen=True, slots=True)
class Check:
    """One named check: how it ended and why."""

    check: CheckName
    outcome: Outcome
    detail: Detail

    def __bool__(self) -> bool:
        """Refuse to be used as a truth value."""
        raise TypeError("a check is passed, failed or not checked: compare its outcome")


_PASSED: Final = frozenset(
    {
        Detail.KNOWN_GUARANTOR,
        Detail.SIGNATURE_VERIFIES,
        Detail.WITHIN_VALIDITY,
        Detail.STANDING_VOUCHED,
        Detail.SUSPENDED_SINCE,
        Detail.REVOKED_SINCE,
        Detail.STATUS_VALID,
        Detail.IN_THE_LOG,
        Detail.WITNESSED,
        Detail.CONTENT_MATCHES,
        Detail.SAME_BYTES,
        Detail.LINKS_MATCH,
        Detail.FILES_MATCH,
        Detail.RECIPIENT_MATCHES,
        Detail.RELEASED,
    }
)
_FAILED: Final = frozenset(
    {
        Detail.SIGNATURE_WRONG,
        Detail.KEY_UNKNOWN,
        Detail.KEY_NOT_VALID_THEN,
        Detail.KEY_COMPROMISED,
        Detail.NOT_IN_STANDING_THEN,
        Detail.WITHDRAWN,
        Detail.NOT_IN_THE_LOG,
        Detail.NOT_IN_THE_ROOT_LOG,
        Detail.CONTENT_DIFFERS,
        Detail.LINKS_DIFFER,
        Detail.FILES_DIFFER,
        Detail.RECIPIENT_DIFFERS,
        Detail.RELEASE_WRONG,
    }
)


ALWAYS: Final = tuple(name for name in CheckName if name is not CheckName.ATTESTATION)
"""The checks that every report has."""


def outcome_of(detail: Detail) -> Outcome:
    """Return the outcome that goes with a detail; what is neither proven nor disproven is *not checked*."""
    if detail in _PASSED:
        return Outcome.PASSED
    return Outcome.FAILED if detail in _FAILED else Outcome.NOT_CHECKED


@cache
def checked(name: CheckName, detail: Detail) -> Check:
    """Return the check `name` that ended with `detail`."""
    return Check(name, outcome_of(detail), detail)
