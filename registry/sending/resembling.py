"""Which known operators a sender name or mail domain could be taken for."""

from sqlalchemy import Connection

from registry.deciding.alike import compare_with_known
from registry.deciding.model import NameKind
from registry.operators import load_operator
from registry.sending.model import ContactKind
from registry.sending.values import ContactValue

_KINDS = {ContactKind.SENDER_NAME: NameKind.SENDER, ContactKind.MAIL_DOMAIN: NameKind.DOMAIN}


def find_resembled(connection: Connection, value: ContactValue, *, operator_id: str) -> str | None:
    """Return the name of the known operator that this one looks most like, other than its own; None for none.

    Only sender names and mail domains are compared: what else there is, nobody reads as a name. Raises
    OperatorNotFound.
    """
    kind = _KINDS.get(value.kind)
    if kind is None or value.value.casefold() == load_operator(connection, operator_id).name.casefold():
        return None  # its very name: that was looked at when the operator was verified
    found = compare_with_known(connection, value.value, kind, operator_id)
    return found[0].known if found else None
