"""The status list that a seal names, fetched from the service; its signature and age are the report's to judge."""

from typing import Final

from sigill.client.errors import UnexpectedAnswer
from sigill.client.exchange import Exchange
from sigill.errors import MalformedStatusList
from sigill.seal.claims import StatusClaim, status_number_of
from sigill.status.token import MAX_TOKEN_BYTES, ParsedStatusList, parse_status_list

MEDIA_TYPE: Final = "application/statuslist+jwt"


def fetch_status_list(claim: StatusClaim, *, exchange: Exchange) -> ParsedStatusList:
    """Return the list that `claim` names, whatever host serves it. Raises UnexpectedAnswer for another one."""
    path = f"/status/{status_number_of(claim)}"
    answer = exchange.fetch(path, max_bytes=MAX_TOKEN_BYTES, media_type=MEDIA_TYPE)
    try:
        token = parse_status_list(answer.body.decode("ascii"))
    except (MalformedStatusList, UnicodeDecodeError) as error:
        raise UnexpectedAnswer(f"The service's status list cannot be read: {error}. Try again later.") from error
    if token.list.uri != claim.uri:
        raise UnexpectedAnswer(
            "The service gave another status list than the seal names. Ask the service that made the seal."
        )
    return token
