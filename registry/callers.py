"""Who is calling: credentials and operators as of at most a second ago.

A key that was revoked and an operator that was changed are noticed within `FRESH_S` by every process; the commit of a
seal checks the operator's revision by itself and never relies on this. A caller shows an API key, or an access token
(`registry.clients`): a token is verified here, with the guarantor's own key, and its client looked up like a key.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Final

from sqlalchemy import Engine

from registry.api_keys import authenticate, check_current
from registry.clients.access_token import AccessToken
from registry.clients.credential import load_credential
from registry.model import Credential, Operator
from registry.operators import load_operator
from storage.engine import reading

FRESH_S: Final = 1.0
MAX_KEPT: Final = 1024


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller; `operator` is None for auditors of all operators."""

    credential: Credential
    operator: Operator | None


ReadToken = Callable[[str, datetime], AccessToken]
"""What reads an access token that is good at a time; it raises CredentialUnknown, CredentialExpired."""


class Callers:
    """The callers seen lately, by a hash of their key; any number of threads."""

    def __init__(
        self,
        engine: Engine,
        *,
        read_token: ReadToken | None = None,
        fresh_s: float = FRESH_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._read_token = read_token
        self._fresh_s = fresh_s
        self._monotonic = monotonic
        self._kept: OrderedDict[bytes, tuple[float, Caller]] = OrderedDict()
        self._lock = Lock()

    def find(self, token: str, *, at: datetime) -> Caller:
        """Return who holds a key or access token.

        Raises CredentialMissing, CredentialUnknown, CredentialExpired.
        """
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        now_s = self._monotonic()
        with self._lock:
            since_s, caller = self._kept.get(digest, (0.0, None))
        if caller is not None and now_s - since_s < self._fresh_s:
            check_current(caller.credential, at)
            return caller
        found = self._load(token, at, caller)
        with self._lock:
            self._kept[digest] = (now_s, found)
            self._kept.move_to_end(digest)
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        return found

    def _load(self, token: str, at: datetime, before: Caller | None) -> Caller:
        shown = None
        if self._read_token is not None and _is_jwt(token):
            shown = self._read_token(token, at)
        with reading(self._engine) as connection:
            if shown is None:
                credential = authenticate(connection, token, at=at)
            else:
                credential = load_credential(connection, shown, at=at)
            if credential.operator_id is None:
                return Caller(credential, None)
            operator = load_operator(connection, credential.operator_id)
        if before is not None and before.operator == operator:
            operator = before.operator  # the same value: what was worked out for it stays good
        return Caller(credential, operator)


def _is_jwt(token: str) -> bool:
    return token.count(".") == 2  # noqa: PLR2004 - a header, claims, and a signature
