"""What frames a seal and an event alike.

Who vouches (`iss`, `aud`), for whom (`sub`), which one it is (`jti`), and where in its conversation (`conv`). Every
function raises MalformedSeal naming the member.
"""

from typing import Any

from sigill.encoding.ulid import parse_ulid_time
from sigill.errors import MalformedEncoding, MalformedSeal
from sigill.seal.claim_values import ConversationClaim, audience_of, operator_url
from sigill.seal.members import Members, check_members, read_integer, read_optional_hash, read_text


def read_jti(members: Members, name: str = "jti") -> str:
    """Return a canonical ULID."""
    jti = read_text(members, name)
    try:
        parse_ulid_time(jti)
    except MalformedEncoding as error:
        raise MalformedSeal(f"{name}: {error}") from None
    return jti


def parse_conversation(value: object) -> ConversationClaim:
    """Read `{"id", "seq", "prev"?}`; inverse of `format_conversation`."""
    members = check_members(value, required={"id", "seq"}, optional=frozenset({"prev"}), where="conv")
    claim = ConversationClaim(
        id=read_text(members, "id"),
        seq=read_integer(members, "seq", at_least=1),
        prev=read_optional_hash(members, "prev"),
    )
    if (claim.seq == 1) != (claim.prev is None):
        raise MalformedSeal("prev is absent in the first message of a conversation and only there")
    return claim


def format_conversation(claim: ConversationClaim) -> dict[str, Any]:
    """Return the JSON-able value of a place in a conversation."""
    place: dict[str, Any] = {"id": claim.id, "seq": claim.seq}
    return place if claim.prev is None else place | {"prev": claim.prev}


def check_parties(*, iss: str, aud: str, sub: str) -> None:
    """Check that `iss` is an issuer's URL, `aud` its audience and `sub` the registry URL of an operator there."""
    if not iss.startswith("https://") or iss.endswith("/"):
        raise MalformedSeal("iss is an https URL without a slash at its end")
    if aud != audience_of(iss):
        raise MalformedSeal("aud is the issuer's verification audience")
    check_operator_url(sub, iss=iss)


def check_operator_url(sub: str, *, iss: str) -> None:
    """Check that `sub` is the registry URL of an operator at the issuer."""
    operator_id = sub.rpartition("/")[2]
    if sub != operator_url(iss, operator_id) or not operator_id:
        raise MalformedSeal("sub is the operator's registry URL at the issuer")
