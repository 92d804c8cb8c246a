"""A foreign judge: npm's oidc-provider signs people in at the desk, in a real browser, and only who is bound."""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import ECAlgorithm
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from registry.model import Role
from registry.people.model import Person
from registry.people.oidc.provider import Provider
from registry.people.oidc.signing_in import bind_subject, subject_of
from registry.people.store import list_people, load_person
from registry.steps import list_steps
from storage.engine import reading
from tests.browser.conftest import browser as browser  # noqa: PLC0414 - the fixture, by its own name
from tests.builders_deployment import Deployment, deploy
from tests.builders_desk import BANK, add_person, world_of
from tests.builders_server import free_port
from wiring.identity_provider import open_provider

pytestmark = [pytest.mark.slow, pytest.mark.servers, pytest.mark.timeout(180)]

_SOURCE: Final = Path(__file__).with_name("identity")
_SECRET: Final = "a-secret-of-a-test-that-is-long-enough"
METHODS: Final = ("client_secret_basic", "private_key_jwt")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The provider with its packages, installed as the lock file says."""
    folder = tmp_path_factory.mktemp("identity")
    for name in ("package.json", "package-lock.json", "provider.mjs"):
        shutil.copy(_SOURCE / name, folder / name)
    subprocess.run(["npm", "ci", "--ignore-scripts", "--silent"], cwd=folder, check=True)  # noqa: S607
    return folder / "provider.mjs"


@dataclass(frozen=True)
class Site:
    """A service with a desk, and the provider it knows."""

    made: Deployment
    url: str
    provider: Provider

    def bound(self, subject: str) -> Person:
        """Return somebody new who is bound to a subject."""
        person = add_person(self.made, Role.ADMIN)
        bind_subject(person, subject, provider=self.provider, by="registrar pe-x", world=world_of(self.made))
        with reading(self.made.services.engine) as connection:
            return load_person(connection, person.id)


@contextmanager
def running(program: Path, folder: Path, method: str) -> Iterator[Site]:
    """Run provider and service until the block ends."""
    desk_port, provider_port = free_port(), free_port()
    url, key = f"http://localhost:{desk_port}", ec.generate_private_key(ec.SECP256R1())
    client: dict[str, Any] = {
        "client_id": "sigill-desk",
        "redirect_uris": [f"{url}/desk/oidc/callback"],
        "token_endpoint_auth_method": method,
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
    }
    settings = {
        "PORT": str(desk_port),
        "SIGILL_PUBLIC_URL": url,
        "SIGILL_OIDC_ISSUER": f"http://127.0.0.1:{provider_port}",
        "SIGILL_OIDC_CLIENT_ID": "sigill-desk",
    }
    if method == "private_key_jwt":
        jwk = json.loads(ECAlgorithm.to_jwk(key.public_key()))
        client["jwks"] = {"keys": [jwk | {"alg": "ES256", "use": "sig"}]}
        file = folder / "key.pem"
        file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        settings["SIGILL_OIDC_KEY_FILE"] = str(file)
    else:
        client["client_secret"] = _SECRET
        file = folder / "secret"
        file.write_text(_SECRET)
        settings["SIGILL_OIDC_SECRET_FILE"] = str(file)
    made = deploy(folder, more=settings)
    arguments = ["node", str(program), str(provider_port), json.dumps(client)]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    while process.stdout.readline().strip() != "ready":
        assert process.poll() is None
    server = make_server("127.0.0.1", desk_port, made.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    provider = open_provider(made.services.settings)
    assert provider is not None
    try:
        yield Site(made, url, provider)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        process.terminate()
        process.wait(10)
        process.stdout.close()
        made.services.engine.dispose()


def go(page: Page, site: Site, subject: str) -> list[str]:
    """Sign in at the provider as `subject`; return the addresses of ours that it sent the browser back to."""
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url) if "/oidc/callback" in request.url else None)
    page.goto(f"{site.url}/desk/sign-in")
    page.click("text=Sign in with 127.0.0.1")
    page.fill("input[name=login]", subject)
    page.fill("input[name=password]", "anything")
    page.click("button[type=submit]")
    if "/interaction/" in page.url:
        page.click("button[type=submit]")
    page.wait_for_url(f"{site.url}/desk**")
    return seen


@pytest.mark.parametrize("method", METHODS)
def test_who_is_bound_gets_in_and_nobody_else_and_only_once(
    program: Path, tmp_path: Path, browser: Browser, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    with running(program, tmp_path, method) as site:
        anna = site.bound("anna")
        assert subject_of(anna, site.provider) == "anna"
        context = browser.new_context(locale="en-GB")
        page = context.new_page()
        (back,) = go(page, site, "anna")
        assert page.url == f"{site.url}/desk"
        assert page.inner_text("h1") == "Hello Anna Andersson"
        for again in (context, browser.new_context()):
            answer = again.request.get(back)
            assert answer.status == 403
        stranger = browser.new_context(locale="en-GB").new_page()
        go(stranger, site, "stranger")
        assert "nobody here is bound" in stranger.inner_text(".alert")
        with reading(site.made.services.engine) as connection:
            assert [person.id for person in list_people(connection, operator_id=BANK)] == [anna.id]
            (step,) = list_steps(connection, BANK)
        assert (step.step.act, step.step.said) == ("subject_bound", {"person": anna.id})
        bind_subject(anna, "", provider=site.provider, by="registrar pe-x", world=world_of(site.made))
        page.goto(f"{site.url}/desk")
        assert page.url == f"{site.url}/desk/sign-in"
    reasons = {json.loads(each.getMessage())["reason"] for each in caplog.records if each.name == "sigill.audit"}
    assert reasons == {"provider_status_400", "provider_wrong_state", "provider_unknown_subject"}
    assert "stranger" not in caplog.text
