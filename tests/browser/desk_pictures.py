"""Pictures of the pages of people who work with the registry, and of what customers see of it.

`python -m tests.browser.desk_pictures FOLDER` builds a deployment with the demonstration's operators, applicants,
likenesses, an appeal and people, and takes each page in Chromium: Swedish and English, 390 and 1200 pixels, light and
dark. `--scheme light --width 1200 --only queue` and so on take fewer.
"""

import argparse
import logging
import re
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from registry.applying.domains import name_domain
from registry.applying.recording import record_check
from registry.checks.conclusion import AskedBy, Checking
from registry.checks.outcome import CheckResult, Outcome
from registry.deciding.appealing import appeal
from registry.deciding.looking import look_at_operator
from registry.deciding.model import Decision
from registry.mandates.steps import give_mandate
from registry.model import EvidenceKind, OperatorId, Role
from registry.people.links import make_link
from registry.people.staff import end_person_logged
from registry.sending.declaring import declare_contact
from registry.sending.model import ContactKind
from running.demo import seed_demonstration
from settings import read_settings
from sigill.vocabulary import Industry
from storage.migrate import migrate
from tests.builders_clients import new_client
from tests.builders_deciding import applicant, current, decide, deciding
from tests.builders_deployment import Deployment
from tests.builders_desk import BANK, SignedIn, add_passkey, add_person, sign_in, world_of
from tests.builders_mandates import terms
from tests.builders_mandates import world_of as mandates_of
from tests.builders_releases import MESSAGE, hire
from tests.builders_server import free_port
from wiring import build_services

POWER: Final = OperatorId("exempelkraft")
CHROMIUM: Final = "/usr/bin/chromium"
_ARGUMENTS: Final = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
_TEXT: Final = (
    "Hej! Ditt ärende är klart. Fakturan är rättad, och mellanskillnaden kommer på ditt konto i morgon.\n\nBo"
)


@dataclass(frozen=True)
class Office:
    """A service that listens on this machine, and the people who are signed in there."""

    made: Deployment
    people: Mapping[str, SignedIn]

    @property
    def url(self) -> str:
        """Where it is reached by a name, as passkeys want it."""
        return self.made.services.settings.public_url


@contextmanager
def open_office(folder: Path) -> Iterator[Office]:
    """Run a demonstration whose register is at work, until the block ends."""
    port = free_port()
    place = {"PORT": str(port), "SIGILL_PUBLIC_URL": f"http://localhost:{port}", "VAR": str(folder / "var")}
    services = build_services(read_settings({"SIGILL_LIMITS": "off"} | place), first_start=True)
    migrate(services.engine)
    seed_demonstration(services)
    made = Deployment(services)
    made.keys[BANK] = made.new_key(role=Role.SIGNER, operator_id=BANK)
    office = Office(made, _hire_people(made))
    _fill_registry(made, office.people)
    server = make_server("127.0.0.1", port, made.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield office
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        services.engine.dispose()


def _hire_people(made: Deployment) -> dict[str, SignedIn]:
    people = {
        "registrar": add_person(made, Role.REGISTRAR, operator_id=None, name="Rut Registrator"),
        "second": add_person(made, Role.REGISTRAR, operator_id=None, name="Tove Tvåa"),
        "admin": add_person(made, Role.ADMIN, name="Anna Andersson"),
        "signer": add_person(made, Role.SIGNER, name="Bo Bengtsson"),
        "power": add_person(made, Role.ADMIN, operator_id=POWER, name="Pia Power"),
    }
    for person in people.values():
        add_passkey(made, person, name="Jobbdatorn")
    add_passkey(made, people["admin"], name="Blå säkerhetsnyckel")
    add_person(made, Role.AUDITOR, name="Maria-Christina von Essen-Lagerlöf")
    end_person_logged(add_person(made, Role.SIGNER, name="Cecilia Slutat"), by="a colleague", world=world_of(made))
    return {name: sign_in(made, person) for name, person in people.items()}


def _fill_registry(made: Deployment, people: Mapping[str, SignedIn]) -> None:
    """Give registrars and administrators something to do."""
    rut, tove = people["registrar"].person.id, people["second"].person.id
    made.add(applicant("fjallbanken", name="Fjällbanken Sparbank i Norrbotten", markets=("SE", "NO")))
    made.add(applicant("cykelboden", kinds=(), name="Cykelboden", industry=Industry.RETAIL))
    made.add(applicant("exempelsupport", name="Exempelbanken Support", industry=Industry.RETAIL))
    look_at_operator("exempelsupport", world=deciding(made, demonstration=True))
    made.add(applicant("gamlabolaget", name="Gamla Elbolaget", industry=Industry.RETAIL))
    made.add(applicant("nyaelbolaget", name="Nya Elbolaget", industry=Industry.RETAIL))
    for each in ("gamlabolaget", "nyaelbolaget"):
        decide(made, each, Decision.VERIFY, rut)
    decide(made, "gamlabolaget", Decision.RENAME, rut, name="Elbolaget i Dalarna")
    decide(made, "gamlabolaget", Decision.MERGE, tove, into="nyaelbolaget")
    decide(made, "fjallbanken", Decision.VERIFY, tove)
    decide(made, POWER, Decision.SUSPEND, tove)
    decide(made, "exempelforsakring", Decision.SUSPEND, tove)
    appeal(POWER, reason="Tillståndet gäller: se Finansinspektionens register i dag.", world=deciding(made))
    new_client(made)
    _send_from(made)
    _check(made)
    give_mandate(current(made, BANK), "exempelhandeln", terms(daily_messages=500), world=mandates_of(made))


def _send_from(made: Deployment) -> None:
    for whose, kind, value in (
        (BANK, ContactKind.HANDLE, "instagram:exempelbanken"),
        (BANK, ContactKind.SENDER_NAME, "ExBanken"),
        (BANK, ContactKind.MAIL_DOMAIN, "kundservice.exempelbanken.se"),
        ("nyaelbolaget", ContactKind.SENDER_NAME, "Exempelbank"),
        ("nyaelbolaget", ContactKind.APP, "apple:1234567890"),
    ):
        declare_contact(whose, kind, value, world=made.services.sending)


def _check(made: Deployment) -> None:
    """Name a domain, and lose one that was proven."""
    world, at = made.services.applying, made.services.signing.now()
    name_domain(BANK, "exempelbanken.se", world=world)
    for outcome, reason, detail in (
        (Outcome.PASSED, "found", "the record is there"),
        (
            Outcome.FAILED,
            "record_missing",
            "_sigill-challenge.exempelbanken.se has no TXT record of ours: publish it again",
        ),
    ):
        result = CheckResult(
            kind=EvidenceKind.DOMAIN,
            outcome=outcome,
            method="a TXT record at exempelbanken.se",
            reason=reason,
            detail=detail,
            checked_at=at,
            valid_until=at + timedelta(days=90) if outcome is Outcome.PASSED else None,
        )
        checking = Checking(
            subject="exempelbanken.se", asked_by=AskedBy.SCHEDULE, by="the service", checked_by="sigill"
        )
        record_check(BANK, result, checking, world=world)


PAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "registrar": (
        "",
        "/queue",
        "/operators/fjallbanken",
        "/operators/exempelsupport",
        f"/operators/{POWER}",
        "/operators/nyaelbolaget",
        "/operators/gamlabolaget",
        "/alarms",
        f"/checks/{BANK}",
        "/contacts",
        "/staff",
    ),
    "admin": (
        "",
        "/standing",
        "/appeal",
        "/sending",
        "/ai-systems",
        "/programs",
        "/mandates",
        "/staff",
        "/staff/{person}",
        "/passkeys",
        "/passkeys/new",
    ),
    "power": ("/appeal",),
    "signer": ("", "/passkeys"),
}
"""The desk's pages by who looks at them."""

OPEN: Final = (
    "/",
    "/check",
    "/desk/sign-in",
    f"/registry/operators/{BANK}",
    "/registry/operators/exempelsvar",
    f"/registry/operators/{POWER}",
    "/registry/operators/gamlabolaget",
    "/registry/search?q=exempelbanken",
    "/registry/search?q=Gamla%20Elbolaget",
    "/registry/search?q=nobody-at-all",
)
"""Pages that everybody may open."""


def take(
    office: Office, browser: Browser, chosen: argparse.Namespace, *, width: int, language: str, scheme: str
) -> None:
    """Take every page once."""
    folder, end = chosen.folder, f"{language}-{width}-{scheme}.png"

    def look(context: BrowserContext, who: str, address: str) -> None:
        if chosen.only not in f"{who}{_name(address)}":
            return
        page = context.new_page()
        mark = "&" if "?" in address else "?"
        path, _, secret = address.partition("#")
        page.goto(f"{office.url}{path}{mark}lang={language}" + (f"#{secret}" if secret else ""))
        if chosen.first_screen:
            page.screenshot(path=folder / f"{who}{_name(path)}-{end}")
        else:
            _shoot(page, folder / f"{who}{_name(path)}-{end}")
        page.close()

    def visit() -> BrowserContext:
        return browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            locale="sv-SE" if language == "sv" else "en-GB",
        )

    for who, pages in PAGES.items():
        context = visit()
        context.add_cookies([{"name": "sigill-desk", "value": office.people[who].token, "url": office.url}])
        for path in pages:
            look(context, who, "/desk" + path.format(person=office.people["signer"].person.id))
        context.close()
    context = visit()
    for path in OPEN:
        look(context, "open", path)
    link = make_link(office.people["signer"].person, by="admin", world=world_of(office.made))
    look(context, "open", link.removeprefix(office.url))
    if chosen.only not in "open-release open-claimed":
        context.close()
        return
    waiting = hire(office.made).waiting(MESSAGE | {"text": _TEXT, "recipient": "+46701740605", "channel": "sms"})
    path, _, secret = str(waiting["page"]).removeprefix(office.url).partition("#")
    page = context.new_page()
    page.goto(f"{office.url}{path}?lang={language}#{secret}")
    page.locator("#give").wait_for()
    page.screenshot(path=folder / f"open-release-{end}", full_page=True)
    _claim(office, page, language)
    _shoot(page, folder / f"open-claimed-{end}")
    context.close()


def _claim(office: Office, page: Page, language: str) -> None:
    """Ask whether an unsealed message comes from whom it says."""
    page.goto(f"{office.url}/?lang={language}")
    page.fill("#message", "Hej! Ditt konto är spärrat. Klicka här och logga in med BankID inom en timme.")
    page.click("details.claimed summary")
    page.fill("#sender", "Exempelbanken")
    page.select_option("#came", "sms")
    page.click("button.primary")


def _shoot(page: Page, path: Path) -> None:
    page.evaluate("document.querySelectorAll('main details').forEach(item => { item.open = true })")
    page.screenshot(path=path, full_page=True)
    if (wide := page.evaluate("document.documentElement.scrollWidth")) > page.evaluate("innerWidth"):
        sys.stderr.write(f"{path.name}: {wide} pixels wide\n")


def _name(path: str) -> str:
    return "-" + re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")[:40]


def main(arguments: Sequence[str] | None = None) -> None:
    """Take the pictures that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--width", type=int, choices=(390, 1200), action="append")
    parser.add_argument("--language", choices=("sv", "en"), action="append")
    parser.add_argument("--scheme", choices=("light", "dark"), action="append")
    parser.add_argument("--only", default="", help="a word that is in the names of the pictures to take")
    parser.add_argument("--first-screen", action="store_true", help="what is seen without scrolling, nothing unfolded")
    chosen = parser.parse_args(arguments)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    chosen.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made, open_office(Path(made)) as office, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        for width, language, scheme in product(
            chosen.width or (390, 1200), chosen.language or ("sv", "en"), chosen.scheme or ("light", "dark")
        ):
            take(office, browser, chosen, width=width, language=language, scheme=scheme)
        browser.close()


if __name__ == "__main__":
    main()
