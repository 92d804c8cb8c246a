"""Applications for tests: real name servers and registers on this machine that say what the test has them say."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dns.message
import dns.rcode

from registry.applying.kept_checks import list_checks
from registry.applying.world import ApplyingWorld
from registry.asking.configured import ConfiguredFetch
from registry.asking.dns import look_up_by
from registry.asking.guarded import GuardedFetch, Limits
from registry.asking.registers import Source, Sources
from registry.checks.kept import KeptCheck
from registry.model import Operator
from registry.operators import load_operator
from registry.steps import LoggedStep, list_steps
from storage.engine import reading
from tests.builders_clients import Key, bearer
from tests.builders_deployment import Deployment, deploy
from tests.builders_dns import all_answering, say_code, say_txt
from tests.builders_strangers import HOME
from tests.registry.asking.builders_playing import Play, playing
from wiring import build_app

EQUINOR = "NTRNO-923609016"
RESOLVERS = 3


@dataclass
class Zone:
    """The TXT records that all the name servers have, by name; while `silent` none of them answers."""

    records: dict[str, bytes] = field(default_factory=dict)
    silent: bool = False

    def reply(self, query: dns.message.QueryMessage, tcp: bool) -> bytes | None:
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        if self.silent:
            return None
        if name not in self.records:
            return say_code(dns.rcode.NXDOMAIN)(query, tcp)
        return say_txt(self.records[name])(query, tcp)


@dataclass
class Register:
    """What the played register answers next, and how often it was asked."""

    play: Play = field(default_factory=lambda: Play(status=503))
    asked: int = 0

    def answer(self, _path: str) -> Play:
        self.asked += 1
        return self.play


@dataclass
class Applicants:
    """A deployment that asks the zone and the register of this test, and applies to itself."""

    made: Deployment
    zone: Zone
    register: Register

    @property
    def world(self) -> ApplyingWorld:
        return self.made.services.applying

    def at(self, later: timedelta) -> ApplyingWorld:
        """Return the world as it will be: nothing of what registers answered is remembered then."""
        sources = self.world.sources
        assert sources.enhetsregisteret is not None
        source = Source(
            base_url=sources.enhetsregisteret.base_url, fetch=ConfiguredFetch([sources.enhetsregisteret.base_url])
        )
        now = datetime.now(UTC) + later
        return replace(self.world, now=lambda: now, sources=Sources(enhetsregisteret=source, gleif=source))

    def body(self, key: Key | None = None, **changes: Any) -> dict[str, Any]:
        """Return an application to live that is right but for the changes; what is None is left out."""
        key = key or Key()
        body = {
            "name": "Equinor ASA",
            "environment": "live",
            "industry": "energy",
            "markets": ["NO"],
            "identifier": EQUINOR,
            "domains": ["equinor.example"],
        } | changes
        body = {name: value for name, value in body.items() if value is not None}
        issuer = self.made.services.identity.issuer
        return {"key": {"jwk": key.jwk, "proof": key.prove(issuer, body.get("id", issuer))}} | body

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        return self.made.client.post(path, json=body, headers=bearer(key))

    def get(self, path: str, *, key: str) -> Any:
        return self.made.client.get(path, headers=bearer(key))

    def apply(self, **changes: Any) -> dict[str, Any]:
        """Apply; return the answer, which must be 201."""
        response = self.post("/v1/applications", self.body(**changes))
        assert response.status_code == 201, response.get_data(as_text=True)
        answer: dict[str, Any] = response.get_json()
        return answer

    def publish(self, applied: Mapping[str, Any]) -> None:
        """Publish the records of an application's domains."""
        for domain in applied["domains"]:
            self.zone.records[domain["record"]["name"]] = domain["record"]["text"].encode()

    def operator(self, operator_id: str) -> Operator:
        with reading(self.world.engine) as connection:
            return load_operator(connection, operator_id)

    def checks(self, operator_id: str) -> tuple[KeptCheck, ...]:
        with reading(self.world.engine) as connection:
            return list_checks(connection, operator_id)

    def steps(self, operator_id: str) -> tuple[LoggedStep, ...]:
        with reading(self.world.engine) as connection:
            return list_steps(connection, operator_id)


@contextmanager
def applicants(folder: Path, *, more: Mapping[str, str] | None = None, database_url: str = "") -> Iterator[Applicants]:
    """Run name servers and a register, and a deployment that asks them, until the block ends."""
    zone, register = Zone(), Register()
    with ExitStack() as stack:
        servers = stack.enter_context(all_answering(*[zone.reply] * RESOLVERS))
        played = stack.enter_context(playing(register.answer))
        settings = {
            "SIGILL_RESOLVERS": " ".join(f"{server.address}:{server.port}" for server in servers),
            "SIGILL_OWN_NETWORKS": "127.0.0.1/32",
            "SIGILL_ENHETSREGISTERET": played.base_url,
            "SIGILL_GLEIF": played.base_url,
        }
        made = deploy(folder, database_url=database_url, more={**settings, **(more or {})})
        stack.callback(made.services.engine.dispose)
        yield Applicants(_patient(made), zone, register)


def _patient(made: Deployment) -> Deployment:
    """Return the deployment with silence found out soon."""
    applying = made.services.applying
    assert applying.askable is not None
    servers = applying.askable.servers
    fetch = GuardedFetch(limits=Limits(networks=(HOME,), time_s=0.5), look_up=look_up_by(servers))
    askable = replace(applying.askable, time_s=0.3, fetch=fetch)
    services = replace(made.services, applying=replace(applying, askable=askable))
    return replace(made, services=services, app=build_app(services))
