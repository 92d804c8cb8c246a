"""What an access token is worth now: its client, the key it was got with, and the role it has."""

from datetime import datetime

from sqlalchemy import Connection

from registry.api_keys import check_current
from registry.clients.access_token import AccessToken
from registry.clients.store import load_client
from registry.errors import ClientUnknown, CredentialUnknown
from registry.model import Credential, CredentialKind


def load_credential(connection: Connection, token: AccessToken, *, at: datetime) -> Credential:
    """Return the credential of a verified token as its client stands. Raises CredentialUnknown, CredentialExpired.

    It ends with the token. A client or key that was revoked ends it at once; a key that only ran out does not: what
    was given out for it while it was good stays good for its ten minutes.
    """
    try:
        client = load_client(connection, token.client_id)
    except ClientUnknown:
        raise CredentialUnknown("the access token's client is not known") from None
    key = client.key(token.thumbprint)
    if key is None:
        raise CredentialUnknown("the access token was given out for a key that is not the client's")
    revoked = [moment for moment in (client.revoked_at, key.revoked_at) if moment is not None]
    credential = Credential(
        prefix=client.id,
        name=client.name,
        role=client.role,
        operator_id=client.operator_id,
        expires_at=token.expires_at,
        revoked_at=min(revoked, default=None),
        scopes=token.scopes,
        ai_system=client.ai_system,
        kind=CredentialKind.ACCESS_TOKEN,
    )
    check_current(credential, at)
    return credential
