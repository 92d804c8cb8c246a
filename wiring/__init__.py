"""Putting the parts together: every package states what it needs as one small value, and here they are filled."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
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
from registry.sending.world import SendingWorld
from settings import Settings
from settings.secret_file import read_token
from sigill.report.trust import Trust
from sigill.tlog.log_policy import LogPolicy
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
from web import (
    SourceLink,
    WebWorld,
    make_blueprint,
    not_found_page,
    problem_page,
    search_page,
)
from wiring.applying import applying_world
from wiring.clients import OPEN_PAGES, grant_world, known_callers, registration_world
from wiring.deciding import deciding_world
from wiring.desk import build_desk, people_world
from wiring.identity import Identity, open_identity
from wiring.keys import note_signers_at, open_keys, report_signer
from wiring.limits import build_limits, slow_guessing
from wiring.mandates import mandate_world, show_operator
from wiring.privacy import privacy_world
from wiring.problems import view_problem
from wiring.root_log import read_log_policy
from wiring.sending import sending_world
from wiring.trust import trust_source

__all__ = ["Identity", "Services", "build_app", "build_services", "check_readiness", "now", "open_identity"]

HERE: Final = Path(__file__).resolve().parents[1]
_FOR_PROGRAMS: Final = ("/v1/", "/log/", "/registry/", "/status/", "/.well-known/", "/oauth/")


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
    sending: SendingWorld
    status_lists: StatusLists
    verification: VerificationWorld
    applying: ApplyingWorld


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
    trust = trust_source(identity, keys, log, log_policy, settings.public_url, now=now)
    sending = sending_world(settings, engine, log, issuer=identity.issuer, secret=keys.reference, now=now)
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
        privacy=privacy_world(engine, log, keys, policies, now=now),
        sending=sending,
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
            directory=sending.directory,
        ),
        applying=applying_world(settings, identity, engine, log, now=now),
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
            callers=known_callers(services.identity.issuer, services.engine, services.keys),
            grants=grant_world(services.identity.issuer, services.engine, services.keys, now=now),
            registration=registration_world(services.identity.issuer, services.engine, services.log, now=now),
            mandates=mandate_world(services.signing),
            deciding=deciding_world(services.engine, services.log, now, pages.demonstration),
            signing=services.signing,
            privacy=services.privacy,
            people=people,
            applying=services.applying,
            sending=services.sending,
            verification=services.verification,
            verify=pages.verify,
            status_lists=services.status_lists,
            base_url=services.settings.public_url,
            metrics=services.metrics,
            limits=build_limits(services.settings, secret=services.keys.reference, observer=services.metrics),
            metrics_token=services.metrics_token,
            trust=services.trust,
            readiness=lambda: check_readiness(services),
            operator_page=partial(show_operator, pages, services.signing, services.trust),
            search_page=partial(search_page, pages),
            problem_page=lambda slug: problem_page(pages, view_problem(all_problems()[slug])),
        )
    )
    app.register_blueprint(make_blueprint(pages))
    app.register_blueprint(build_desk(services.settings, pages, people, services.applying, services.sending))
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
