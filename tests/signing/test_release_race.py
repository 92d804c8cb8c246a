"""One release and many sealing commits at once: one seal, on either database, from two services."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from registry.people.store import revoke_passkey
from releases.errors import ReleaseExpired, ReleaserRevoked, ReleaseUsed
from releases.tables import release_evidence, releases
from releases.use import ReleaseUse
from sigill.presence.verify import LONGEST
from sigill.tlog.leaf import LeafKind, leaf_of
from sigill.vocabulary import Authorship, Channel, Enquiry
from signing.attested import attest
from signing.request import Attestation, make_request
from storage.engine import reading, writing
from tests.builders_databases import KINDS, Databases
from tests.builders_deployment import TEXT, Deployment, deploy, operator
from tests.builders_releases import MESSAGE, Employee, hire, slug
from transparency.append import Append
from wiring import build_app, build_services, now

ATTEMPTS = 12


@pytest.fixture(params=KINDS)
def made(request: pytest.FixtureRequest, tmp_path: Path, databases: Databases) -> Iterator[Deployment]:
    with databases.empty(request.param) as url:
        found = deploy(tmp_path, database_url=url)
        yield found
        found.services.engine.dispose()


@pytest.fixture
def anna(made: Deployment) -> Employee:
    return hire(made)


def count(made: Deployment, table: Any) -> int:
    with reading(made.services.engine) as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def use_of(anna: Employee, name: str) -> ReleaseUse:
    """Return the part that a sealing commit would bring: everything before the commit is done."""
    request = make_request(
        authorship=Authorship.HUMAN,
        channel=Channel.CHAT,
        enquiry=Enquiry.INFORMATIONAL,
        text=TEXT,
        release=Attestation(name),
    )
    _, attested = attest(request, operator=operator(), world=anna.made.services.signing, at=now())
    assert attested is not None
    return attested.use(now())


def commit(anna: Employee, part: ReleaseUse) -> None:
    leaf = leaf_of(LeafKind.DENY, part.release_id.encode())
    anna.made.services.log.append(Append("exempelbanken", leaf, record=part.release_id.encode(), parts=(part,)))


@pytest.mark.slow
def test_of_many_commits_at_once_one_seals(made: Deployment, anna: Employee) -> None:
    other = build_services(made.services.settings)
    clients = [made.app, build_app(other)]
    name = anna.released()

    def seal(number: int) -> Any:
        client = clients[number % 2].test_client()
        return client.post("/v1/messages", json=MESSAGE | {"attestation": name}, headers=anna.headers)

    with ThreadPoolExecutor(ATTEMPTS) as pool:
        answers = list(pool.map(seal, range(ATTEMPTS)))
    other.engine.dispose()
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * (ATTEMPTS - 1)
    assert {slug(answer) for answer in answers if answer.status_code == 409} == {"release-used"}
    assert count(made, release_evidence) == 1
    assert count(made, releases) == 0
    head = made.services.log.head("exempelbanken")
    assert head is not None
    assert head.size == 1


def test_a_commit_that_comes_second_finds_the_release_used(anna: Employee) -> None:
    name = anna.released()
    part = use_of(anna, name)
    assert anna.sign(name).status_code == 201
    with pytest.raises(ReleaseUsed):
        commit(anna, part)


def test_a_passkey_revoked_before_the_commit_seals_nothing(anna: Employee) -> None:
    part = use_of(anna, anna.released())
    with writing(anna.made.services.engine) as connection:
        revoke_passkey(connection, anna.device.id, at=now())
    with pytest.raises(ReleaserRevoked):
        commit(anna, part)
    assert count(anna.made, release_evidence) == 0


def test_a_release_that_expires_before_the_commit_seals_nothing(anna: Employee) -> None:
    part = use_of(anna, anna.released())
    late = ReleaseUse(
        release_id=part.release_id,
        operator_id=part.operator_id,
        jti=part.jti,
        evidence=part.evidence,
        passkey_id=part.passkey_id,
        thumbprint=None,
        at=now() + LONGEST,
    )
    with pytest.raises(ReleaseExpired):
        commit(anna, late)
    assert count(anna.made, releases) == 1
