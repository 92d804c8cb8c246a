"""API keys: shown once, kept as a hash, refused for what they may not do."""

import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from registry.api_keys import SCOPES, authenticate, check_scope, list_api_keys, make_api_key, save_api_key
from registry.errors import CredentialExpired, CredentialMissing, CredentialUnknown, ScopeMissing
from registry.model import Credential, OperatorId, Role, Scope
from registry.operators import save_operator
from registry.revocation import revoke_api_key, revoke_api_keys
from storage.engine import make_engine, writing
from storage.migrate import migrate
from tests.builders_databases import KINDS, Databases
from tests.builders_deployment import NOW, operator

BANK = OperatorId("exempelbanken")
END = NOW + timedelta(days=1)


@pytest.fixture(scope="module", params=KINDS)
def connection(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Connection]:
    with databases.migrated(request.param) as url:
        engine = make_engine(url)
        with writing(engine) as found:
            save_operator(found, operator(), created_at=NOW)
            yield found
        engine.dispose()


def save(connection: Connection, *, role: Role = Role.SIGNER, name: str = "test") -> str:
    key = make_api_key(secrets.token_bytes(40))
    owner = None if role is Role.REGISTRAR else BANK
    save_api_key(connection, key, name=name, role=role, operator_id=owner, created_at=NOW, expires_at=END)
    return key.text


def test_a_key_is_who_it_was_made_for_until_it_runs_out(connection: Connection) -> None:
    text = save(connection)
    found = authenticate(connection, text, at=END - timedelta(milliseconds=1))
    assert (found.role, found.operator_id, found.name) == (Role.SIGNER, BANK, "test")
    assert text.startswith(f"sigill_{found.prefix}_")
    assert len(text) == 59
    with pytest.raises(CredentialExpired, match="valid until"):
        authenticate(connection, text, at=END)


def test_only_a_hash_of_the_secret_is_kept(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'sigill.db'}")
    migrate(engine)
    with writing(engine) as connection:
        secret = save(connection, role=Role.REGISTRAR).split("_", 2)[2]
    engine.dispose()
    assert secret[:20].encode() not in (tmp_path / "sigill.db").read_bytes()


def test_a_revoked_key_is_refused_and_stays_so(connection: Connection) -> None:
    texts = [save(connection, name="lost") for _ in range(2)]
    kept = save(connection)
    assert revoke_api_keys(connection, name="lost", at=NOW) == 2
    assert revoke_api_keys(connection, name="lost", at=END) == 0
    for text in texts:
        with pytest.raises(CredentialExpired, match="revoked"):
            authenticate(connection, text, at=NOW)
    assert authenticate(connection, kept, at=NOW).revoked_at is None


def test_one_key_is_revoked_by_its_prefix(connection: Connection) -> None:
    lost, kept = (save(connection, name="twin") for _ in range(2))
    prefix = lost.split("_")[1]
    assert revoke_api_key(connection, prefix=prefix, at=NOW)
    assert not revoke_api_key(connection, prefix=prefix, at=NOW)
    assert not revoke_api_key(connection, prefix="nothing", at=NOW)
    with pytest.raises(CredentialExpired, match="revoked"):
        authenticate(connection, lost, at=NOW)
    assert authenticate(connection, kept, at=NOW).revoked_at is None


def test_an_operators_keys_are_listed_without_their_secrets(connection: Connection) -> None:
    text = save(connection, name="listed")
    save(connection, role=Role.REGISTRAR)
    listed = list_api_keys(connection, operator_id=BANK)
    (found,) = (key for key in listed if key.credential.name == "listed")
    assert found.credential == authenticate(connection, text, at=NOW)
    assert {key.credential.operator_id for key in listed} == {BANK}
    assert text.split("_", 2)[2] not in repr(listed)
    assert list_api_keys(connection, operator_id="nobody") == ()


def test_a_wrong_secret_and_an_unknown_prefix_are_told_alike(connection: Connection) -> None:
    text = save(connection)
    wrong = text[:-1] + ("A" if text[-1] != "A" else "B")
    strange = make_api_key(secrets.token_bytes(40)).text
    messages = set()
    for attempt in (wrong, strange):
        with pytest.raises(CredentialUnknown) as raised:
            authenticate(connection, attempt, at=NOW)
        messages.add(str(raised.value))
    assert len(messages) == 1


@pytest.mark.parametrize("text", [None, ""])
def test_no_key_is_a_missing_one(connection: Connection, text: str | None) -> None:
    with pytest.raises(CredentialMissing):
        authenticate(connection, text, at=NOW)


@given(st.text() | st.from_regex(r"sigill_[0-9a-z]{8}_[A-Za-z0-9_-]{40,46}\n?"))
def test_no_text_that_was_never_given_out_is_a_key(connection: Connection, text: str) -> None:
    with pytest.raises((CredentialUnknown, CredentialMissing)):
        authenticate(connection, text, at=NOW)


def test_a_key_takes_exactly_its_randomness() -> None:
    with pytest.raises(ValueError, match="40 random bytes"):
        make_api_key(bytes(39))


@pytest.mark.parametrize("role", [Role.SIGNER, Role.ADMIN])
def test_who_acts_for_an_operator_has_one(connection: Connection, role: Role) -> None:
    key = make_api_key(secrets.token_bytes(40))
    with pytest.raises(ValueError, match="belongs to an operator"):
        save_api_key(connection, key, name="x", role=role, operator_id=None, created_at=NOW, expires_at=END)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("scope", Scope)
def test_a_role_allows_its_scopes_and_no_others(role: Role, scope: Scope) -> None:
    credential = Credential(prefix="x", name="x", role=role, operator_id=BANK, expires_at=END, revoked_at=None)
    if scope in SCOPES[role]:
        check_scope(credential, scope)
        return
    with pytest.raises(ScopeMissing, match=f"this call needs {scope}"):
        check_scope(credential, scope)


def test_only_signers_seal_and_only_auditors_read_entries() -> None:
    assert [role for role in Role if Scope.MESSAGES_SIGN in SCOPES[role]] == [Role.SIGNER]
    assert [role for role in Role if Scope.LOG_READ_ENTRIES in SCOPES[role]] == [Role.AUDITOR]
