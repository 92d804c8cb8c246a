"""Why something that a client signed is not believed: one word each, for the audit trail and for tests."""

from enum import StrEnum


class Reason(StrEnum):
    """One word for each way to be refused."""

    TOO_LONG = "too_long"
    MALFORMED = "malformed"
    DUPLICATE_MEMBER = "duplicate_member"
    CRITICAL_EXTENSION = "critical_extension"
    WRONG_TYPE = "wrong_type"
    WRONG_ALGORITHM = "wrong_algorithm"
    WRONG_SIGNATURE = "wrong_signature"
    WRONG_ISSUER = "wrong_issuer"
    WRONG_SUBJECT = "wrong_subject"
    WRONG_AUDIENCE = "wrong_audience"
    NO_ID = "no_id"
    NO_END = "no_end"
    EXPIRED = "expired"
    TOO_FAR_AHEAD = "too_far_ahead"
    IN_THE_FUTURE = "in_the_future"
    REPLAYED = "replayed"
    UNKNOWN_CLIENT = "unknown_client"
    UNKNOWN_KEY = "unknown_key"
    CLIENT_REVOKED = "client_revoked"
    KEY_REVOKED = "key_revoked"
    KEY_NOT_CURRENT = "key_not_current"
    OPERATOR_SUSPENDED = "operator_suspended"
    WRONG_REQUEST = "wrong_request"
    WRONG_GRANT = "wrong_grant"
    WRONG_SCOPE = "wrong_scope"


class Untrusted(Exception):
    """A signed statement that is not believed; says why, without repeating any of it."""

    def __init__(self, reason: Reason, says: str) -> None:
        super().__init__(says)
        self.reason = reason
