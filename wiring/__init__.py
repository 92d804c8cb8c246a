"""Putting the parts together: every package states what it needs as one small value, and here they are filled."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, Response, request
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import NotFound

from api.access import list_routes
from api.app import make_api
from api.blueprint import accepts_html
from api.metrics import Metrics
from api.problems import all_problems
from api.responses import http_problem
from api.world import ApiWorld, Readiness
from policies.library import PolicyLibrary, load_library
from privacy.world import PrivacyWorld
from registry.applying.world import ApplyingWorld
from registry.callers import Callers
from settings import Settings, SettingsInvalid, check_unchanged
from settings.secret_file import read_token
from sigill.report.trust import ROOT, Trust, TrustedLog
from sigill.tlog.log_policy import LogPolicy
from sigill.tlog.note import format_vkey
from signing.keys.files import publish_file
from signing.keys.generations import Generations
from signing.keys.listing import KeyKind
from signing.keys.ring import KeyRing
from signing.kinds import Kinds
from signing.line import Line
from signing.randomness import Randomness
from signing.world import SigningWorld
from storage.engine import make_engine, reading
from transparency.log import TransparencyLog
from transparency.status_lists import StatusLists
from transparency.statuses import StatusIndices
from verification.service import verify
from verification.world import VerificationWorld
from web import SourceLink, WebWorld, make_blueprint, not_found_page, operator_page, problem_page
from wiring.applying import applying_world
from wiring.clients import OPEN_PAGES, grant_world, registration_world, token_reader
from wiring.deciding import deciding_world
from wiring.desk import build_desk, people_world
from wiring.keys import note_signers_at, open_keys, report_signer
from wiring.limits import build_limits, slow_guessing
from wiring.problems import view_problem
from wiring.root_log import published_policy, read_log_policy

HERE: Final = Path(__file__).resolve().parents[1]
TRUST_LASTS: Final = timedelta(seconds=2)
_FOR_PROGRAMS: Final = ("/v1/", "/log/", "/registry/", "/status/", "/.well-known/", "/oauth/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who this guarantor is: fixed at the first start, whatever port or host it later runs on."""

    issuer: str
    demonstration: bool

    @property
    def log_prefix(self) -> str:
        """What every log's origin begins with: a stable, schema-less name."""
        return f"{self.issuer.removeprefix('https://')}/log"

    @property
    def root_origin(self) -> str:
        """The origin of the log over all logs."""
        return f"{self.log_prefix}/{ROOT}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The running parts of one process."""

    settings: Settings
    identity: Identity
    engine: Engine
    keys: KeyRing
    log: TransparencyLog
    log_policy: LogPolicy
    metrics: Metrics
    metrics_token: str | None
    policies: PolicyLibrary
    trust: Callable[[], Trust]
    signing: SigningWorld
    privacy: PrivacyWorld
    status_lists: StatusLists
    verification: VerificationWorld
    applying: ApplyingWorld


def open_identity(settings: Settings, *, first_start: bool) -> Identity:
    """Return the identity of the data folder, written at the first start. Raises SettingsInvalid."""
    path = settings.var / "guarantor.json"
    if not path.exists():
        if not first_start:
            raise SettingsInvalid([f"{path.name} is missing in {settings.var}; restore it from the backup"])
        kept = {"issuer": settings.issuer, "demonstration": settings.demonstration}
        publish_file(path, json.dumps(kept, indent=1).encode())
    try:
        found = json.loads(path.read_text("utf-8"))
        identity = Identity(issuer=found["issuer"], demonstration=found["demonstration"])
    except (KeyError, TypeError, ValueError):
        raise SettingsInvalid([f"{path.name} in VAR does not say who the guarantor is"]) from None
    check_unchanged(settings, issuer=identity.issuer, demonstration=identity.demonstration)
    return identity


def build_services(settings: Settings, *, first_start: bool = False) -> Services:
    """Open everything one process needs. Make it after forking: nothing here may cross a fork.

    Only the first start makes the identity and the keys. Raises SettingsInvalid, KeyUnusable.
    """
    identity = open_identity(settings, first_start=first_start)
    keys = open_keys(settings, at=now(), first_start=first_start)
    engine = make_engine(settings.database_url)
    metrics = Metrics()
    log = TransparencyLog(engine, signers_for=partial(note_signers_at, keys, now), observer=metrics)
    log_policy = read_log_policy(settings.log_policy_file)
    policies = _policies(HERE / "policies")
    trust = _trust_source(identity, keys, log, log_policy, settings.public_url)
    return Services(
        settings=settings,
        identity=identity,
        engine=engine,
        keys=keys,
        log=log,
        log_policy=log_policy,
        metrics=metrics,
        metrics_token=read_token(settings.metrics_token_file),
        policies=policies,
        trust=trust,
        signing=SigningWorld(
            issuer=identity.issuer,
            base_url=settings.public_url,
            now=now,
            random=Randomness().take,
            seal_signer=keys.seal_signer,
            event_signer=keys.event_signer,
            salt_key=keys.salts.for_sealing,
            salt_keys=keys.salts.for_checking,
            reference_key=keys.reference,
            engine=engine,
            log=log,
            policies=policies,
            seal_lifetime=settings.seal_lifetime,
            kinds=Kinds(policies, issuer=identity.issuer),
            draw_status=StatusIndices(engine, now=now).draw,
            line=Line(observer=metrics.line),
        ),
        privacy=_privacy_world(engine, log, keys, policies),
        status_lists=StatusLists(engine, issuer=identity.issuer, signer=partial(keys.signer, KeyKind.STATUS), now=now),
        verification=VerificationWorld(
            issuer=identity.issuer,
            now=now,
            random=secrets.token_bytes,
            engine=engine,
            log=log,
            trust=trust,
            salt_keys=keys.salts.for_checking,
            report_signer=partial(report_signer, keys),
            own_hosts=_own_hosts(identity.issuer, settings.public_url),
        ),
        applying=applying_world(settings, identity, engine, log, now=now),
    )


def _privacy_world(engine: Engine, log: TransparencyLog, keys: KeyRing, policies: PolicyLibrary) -> PrivacyWorld:
    return PrivacyWorld(
        now=now,
        random=secrets.token_bytes,
        engine=engine,
        log=log,
        retention=policies.retention,
        has_salt_key=keys.salts.has,
        destroy_salt_key=keys.salts.destroy,
    )


@lru_cache(maxsize=1)
def _policies(folder: Path) -> PolicyLibrary:
    """Return the compiled policies of `folder`: read once in a process, for they are immutable."""
    return load_library(folder)


def build_app(services: Services) -> Flask:
    """Return the whole web application: the API and the customer's pages."""
    pages = _web_world(services)
    people = people_world(services.settings, services.signing, services.keys.reference)
    app = make_api(
        ApiWorld(
            callers=Callers(services.engine, read_token=token_reader(services.identity.issuer, services.keys)),
            grants=grant_world(services.identity.issuer, services.engine, services.keys, now=now),
            registration=registration_world(services.identity.issuer, services.engine, now=now),
            deciding=deciding_world(services.engine, services.log, now, pages.demonstration),
            signing=services.signing,
            privacy=services.privacy,
            people=people,
            applying=services.applying,
            verification=services.verification,
            verify=pages.verify,
            status_lists=services.status_lists,
            base_url=services.settings.public_url,
            metrics=services.metrics,
            limits=build_limits(services.settings, secret=services.keys.reference, observer=services.metrics),
            metrics_token=services.metrics_token,
            trust=services.trust,
            readiness=lambda: check_readiness(services),
            operator_page=lambda each, steps: operator_page(pages, each, _log_url(services, each.id), steps),
            problem_page=lambda slug: problem_page(pages, view_problem(all_problems()[slug])),
        )
    )
    app.register_blueprint(make_blueprint(pages))
    app.register_blueprint(build_desk(services.settings, pages, people))
    app.register_error_handler(404, partial(_not_found, pages))
    list_routes(app, open_endpoints=OPEN_PAGES)  # one that does not say who may call it stops the start
    return app


def _web_world(services: Services) -> WebWorld:
    sources = services.policies.policies.vocabulary.sources
    return WebWorld(
        verify=slow_guessing(lambda asked: verify(asked, world=services.verification)),
        base_url=services.settings.public_url,
        issuer=services.identity.issuer,
        demonstration=services.identity.demonstration,
        zone=services.settings.time_zone,
        now=now,
        sources={name: SourceLink(source.title, source.url) for name, source in sources.items()},
    )


def _not_found(pages: WebWorld, error: NotFound) -> Response:
    """Answer an address where nothing is: people get a page, programs (and whoever strays among them) a problem."""
    for_people = accepts_html() and not request.path.startswith(_FOR_PROGRAMS)
    return not_found_page(pages) if for_people else http_problem(error)


def _log_url(services: Services, operator_id: str) -> str | None:
    log = services.trust().logs.get(operator_id)
    return None if log is None else log.url


def _own_hosts(*addresses: str) -> frozenset[str]:
    return frozenset(urlsplit(address).netloc.lower() for address in addresses)


def now() -> datetime:
    """Return the time, aware, UTC: the one clock of the service."""
    return datetime.now(UTC)


def check_readiness(services: Services) -> Readiness:
    """Try the parts that can fail while the service runs: the database, and keys that run out."""
    return Readiness({"database": _database_fault(services.engine), "keys": services.keys.fault(at=now())})


def _database_fault(engine: Engine) -> str | None:
    try:
        with reading(engine) as connection:
            connection.execute(text("SELECT count(*) FROM logs"))
    except SQLAlchemyError as error:
        return f"the database does not answer ({type(error).__name__})"
    return None


def _trust_source(
    identity: Identity, keys: KeyRing, log: TransparencyLog, policy: LogPolicy, base_url: str
) -> Callable[[], Trust]:
    """Return a source of trust snapshots, each at most `TRUST_LASTS` old, and none older than the keys."""
    kept: list[tuple[Trust, Generations]] = []

    def trust() -> Trust:
        at, generations = now(), keys.current()
        if kept and kept[0][1] is generations and timedelta(0) <= at - kept[0][0].as_of < TRUST_LASTS:
            return kept[0][0]
        trusted = partial(_trusted_log, generations, at, base_url)
        root = trusted(ROOT, identity.root_origin)
        logs = {head.log_id: trusted(head.log_id, head.origin) for head in log.logs() if head.log_id != ROOT}
        published = published_policy(policy, keys=root.keys, url=root.url)
        made = Trust(identity.issuer, at, generations.published(at), logs, root, published)
        kept[:] = [(made, generations)]
        return made

    return trust


def _trusted_log(generations: Generations, at: datetime, base_url: str, log_id: str, origin: str) -> TrustedLog:
    vkey, *former = map(format_vkey, generations.note_keys(origin, at))
    return TrustedLog(operator=log_id, origin=origin, vkey=vkey, url=f"{base_url}/log/{log_id}", former=tuple(former))
