"""Answers of the registers, in the forms of their documentation and of recorded answers; companies partly made up."""

import json
from datetime import UTC, datetime
from typing import Any

from registry.checks.identifiers import read_identifier
from registry.checks.outcome import StoredAnswer
from registry.checks.register import Applied, RegisterAnswer

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
EQUINOR = Applied(name="Equinor ASA", identifier=read_identifier("NTRNO-923609016"))
LEI = "529900W18LQJJN6SJ336"
EFFEKTEN = Applied(name="Société Générale Effekten GmbH", identifier=read_identifier(f"LEIXG-{LEI}"))
DANONE = Applied(name="SA Danone", identifier=read_identifier("VATFR-27552032534"))


def answer(body: Any, *, status: int = 200) -> RegisterAnswer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return RegisterAnswer(
        status=status, stored=StoredAnswer(source="test", media_type="application/json", body=data, at=NOW)
    )


def enhet(**changed: Any) -> dict[str, Any]:
    return {
        "organisasjonsnummer": "923609016",
        "navn": "EQUINOR ASA",
        "organisasjonsform": {"kode": "ASA", "beskrivelse": "Allmennaksjeselskap", "_links": {}},
        "registreringsdatoEnhetsregisteret": "1995-03-12",
        "registrertIMvaregisteret": True,
        "antallAnsatte": 21000,
        "kapital": {"belop": 7971617757.5, "valuta": "NOK"},
        "forretningsadresse": {"land": "Norge", "landkode": "NO", "adresse": ["Forusbeen 50"]},
        "konkurs": False,
        "underAvvikling": False,
        "underTvangsavviklingEllerTvangsopplosning": False,
        "maalform": "Bokmål",
        "_links": {"self": {"href": "https://data.brreg.no/enhetsregisteret/api/enheter/923609016"}},
    } | changed


def deleted_enhet() -> dict[str, Any]:
    kept = {name: enhet()[name] for name in ("organisasjonsnummer", "navn", "organisasjonsform", "_links")}
    return kept | {"slettedato": "2022-08-09"}


def removed_enhet() -> dict[str, Any]:
    return {"organisasjonsnummer": "923609016", "slettedato": "2020-01-01", "_links": {}}


def lei_record(
    *, entity: dict[str, Any] | None = None, registration: dict[str, Any] | None = None, lei: str = LEI
) -> dict[str, Any]:
    return {
        "meta": {"goldenCopy": {"publishDate": "2026-11-29T00:00:00Z"}},
        "data": {
            "type": "lei-records",
            "id": lei,
            "attributes": {
                "lei": lei,
                "entity": {
                    "legalName": {"name": "Société Générale Effekten GmbH", "language": "fr"},
                    "otherNames": [{"name": "Alter Name GmbH", "type": "PREVIOUS_LEGAL_NAME"}],
                    "transliteratedOtherNames": [
                        {"name": "Societe Generale Effekten GmbH", "type": "AUTO_ASCII_TRANSLITERATED_LEGAL_NAME"}
                    ],
                    "legalAddress": {"city": "Frankfurt am Main", "country": "DE", "mailRouting": None},
                    "registeredAt": {"id": "RA000242", "other": None},
                    "registeredAs": "HRB 32283",
                    "jurisdiction": "DE",
                    "category": "GENERAL",
                    "status": "ACTIVE",
                }
                | (entity or {}),
                "registration": {
                    "status": "ISSUED",
                    "nextRenewalDate": "2027-01-08T22:00:00Z",
                    "corroborationLevel": "FULLY_CORROBORATED",
                }
                | (registration or {}),
                "conformityFlag": "CONFORMING",
            },
            "relationships": {},
        },
    }


def vat(**changed: Any) -> dict[str, Any]:
    return {
        "countryCode": "FR",
        "vatNumber": "27552032534",
        "requestDate": "2026-11-29T12:00:00.391Z",
        "valid": True,
        "requestIdentifier": "",
        "name": "SA DANONE",
        "address": "59 RUE LA FAYETTE\n75009 PARIS",
        "traderName": "---",
        "traderNameMatch": "NOT_PROCESSED",
    } | changed


def vies_error(code: str) -> dict[str, Any]:
    return {"actionSucceed": False, "errorWrappers": [{"error": code}]}
