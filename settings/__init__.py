"""Settings: one frozen value from one mapping, all faults at once, unknown names refused.

| name                  | meaning                                           | default                                |
|-----------------------|---------------------------------------------------|----------------------------------------|
| VAR                   | the folder for database, keys and demo.json       | var                                    |
| PORT                  | port on 127.0.0.1                                 | 8000                                   |
| SIGILL_BIND           | address and port to listen on                     | 127.0.0.1:PORT                         |
| SIGILL_PUBLIC_URL     | where customers reach the service                 | http://127.0.0.1:PORT                  |
| DATABASE_URL          | sqlite:///path or postgresql://user@host/name     | sqlite:///VAR/sigill.db                |
| SIGILL_ISSUER         | the guarantor's name, fixed at the first start    | https://demonstration.sigill.example   |
| SIGILL_DEMONSTRATION  | 1: fictional operators and a demonstration issuer | 1                                      |
| SIGILL_TIME_ZONE      | zone of the times customers read                  | Europe/Stockholm                       |
| SIGILL_SEAL_DAYS      | how long a seal is vouched for                    | 1095                                   |
| SIGILL_ROOT_INTERVAL  | seconds between rounds of the root log's publisher | 10                                    |
| SIGILL_LOG_POLICY_FILE | the witnesses to ask, as a C2SP tlog-policy      | none: no witness is asked              |
| SIGILL_METRICS_TOKEN_FILE | the file of the token that opens /metrics     | none: this machine only, on trial      |
| SIGILL_PKCS11_MODULE, SIGILL_PKCS11_PIN_FILE, SIGILL_KMS_ENDPOINT | see `settings.key_stores` | keys are files |
| SIGILL_ENHETSREGISTERET, SIGILL_GLEIF, SIGILL_VIES, SIGILL_RESOLVERS | see `settings.registry_sources` | nobody |
| SIGILL_SEAL_ANCHORS, SIGILL_OWN_NETWORKS, SIGILL_OWN_HTTPS_PORT, SIGILL_OWN_CA_FILE | see there | none |
| SIGILL_LIMITS, SIGILL_LIMITS_URL, SIGILL_TRUSTED_PROXIES, SIGILL_PROXY_HEADER | see `settings.limits` | limited |
| SIGILL_PUBLISH_TO, SIGILL_PUBLISH_ENTRIES_TO, SIGILL_S3_ENDPOINT | see `settings.publishing` | not published |

SIGILL_DATABASE_URL is another name of DATABASE_URL. A password is better kept in a passfile than in it.

Issuer and demonstration go together: fictional operators never speak under a real guarantor's name (a demonstration's
issuer has "demonstration" in its host or ends in ".example"), and a real guarantor says its name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from settings import database, key_stores, limits, publishing, registry_sources

_OURS: Final = "SIGILL_"
_KNOWN: Final = {
    "SIGILL_BIND",
    "SIGILL_PUBLIC_URL",
    "SIGILL_DATABASE_URL",
    "SIGILL_ISSUER",
    "SIGILL_DEMONSTRATION",
    "SIGILL_TIME_ZONE",
    "SIGILL_SEAL_DAYS",
    "SIGILL_ROOT_INTERVAL",
    "SIGILL_LOG_POLICY_FILE",
    "SIGILL_METRICS_TOKEN_FILE",
    *key_stores.NAMES,
    *publishing.NAMES,
    *limits.NAMES,
    *registry_sources.NAMES,
    "SIGILL_URL",  # the command line's; harmless here
    "SIGILL_API_KEY",
}
_BIND: Final = re.compile(r"[0-9A-Za-z.:\[\]-]+:([0-9]{1,5})\Z")
_URL: Final = re.compile(r"https?://[^/\s?#]+\Z")
_ISSUER: Final = re.compile(r"https://[a-z0-9.-]+\Z")
_PORT: Final = "8000"
_MAX_PORT: Final = 65_535
_MAX_DAYS: Final = 36_500
_MAX_INTERVAL_S: Final = 3600
DEMONSTRATION_ISSUER: Final = "https://demonstration.sigill.example"


class SettingsInvalid(Exception):
    """Settings that cannot be used; `faults` lists all of them, one sentence each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this deployment runs. `given` names the settings that were given a value; the others have their default."""

    var: Path
    bind: str
    public_url: str
    database_url: str = field(repr=False)  # may hold a password
    issuer: str
    demonstration: bool
    given: frozenset[str]
    time_zone: ZoneInfo
    seal_lifetime: timedelta
    root_interval_s: int
    log_policy_file: Path | None
    metrics_token_file: Path | None
    publishing: publishing.Publishing
    key_stores: key_stores.KeyStores
    limits: limits.Limits
    registry_sources: registry_sources.RegistrySources


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings of an environment. Raises SettingsInvalid naming every fault."""
    faults = [
        f"{name} is not a setting; there are {', '.join(sorted(_KNOWN))}"
        for name in sorted(environment)
        if name.startswith(_OURS) and name not in _KNOWN
    ]
    var = Path(environment.get("VAR") or "var").resolve()
    port = environment.get("PORT") or _PORT
    if not _is_number(port, at_most=_MAX_PORT):
        faults.append("PORT is a number up to 65535")
        port = _PORT  # so that the defaults made of it are no further faults
    bind = environment.get("SIGILL_BIND") or f"127.0.0.1:{port}"
    bound = _BIND.match(bind)
    _expect(faults, bound and _is_number(bound[1], at_most=_MAX_PORT), "SIGILL_BIND is address:port")
    public_url = environment.get("SIGILL_PUBLIC_URL") or f"http://127.0.0.1:{port}"
    _expect(faults, _URL.match(public_url), "SIGILL_PUBLIC_URL is http(s)://host[:port] without a path")
    issuer = environment.get("SIGILL_ISSUER") or DEMONSTRATION_ISSUER
    demonstration = environment.get("SIGILL_DEMONSTRATION") or "1"
    faults += _faults_of_identity(environment.get("SIGILL_ISSUER") or None, demonstration)
    zone = environment.get("SIGILL_TIME_ZONE") or "Europe/Stockholm"
    _expect(faults, zone in available_timezones(), "SIGILL_TIME_ZONE is a name such as Europe/Stockholm")
    days = environment.get("SIGILL_SEAL_DAYS") or "1095"
    _expect(faults, _is_number(days, at_most=_MAX_DAYS), "SIGILL_SEAL_DAYS is 1 to 36500")
    interval = environment.get("SIGILL_ROOT_INTERVAL") or "10"
    _expect(faults, _is_number(interval, at_most=_MAX_INTERVAL_S), "SIGILL_ROOT_INTERVAL is 1 to 3600 seconds")
    database_url, database_faults = database.read_database_url(environment, var=var)
    faults += database_faults
    published, publishing_faults = publishing.read_publishing(environment, var=var)
    faults += publishing_faults
    stores, store_faults = key_stores.read_key_stores(environment)
    faults += store_faults
    limited, limits_faults = limits.read_limits(environment)
    faults += limits_faults
    sources, sources_faults = registry_sources.read_registry_sources(environment)
    faults += sources_faults
    if faults:
        raise SettingsInvalid(faults)
    return Settings(
        var=var,
        bind=bind,
        public_url=public_url,
        database_url=database_url,
        issuer=issuer,
        demonstration=demonstration == "1",
        given=frozenset(name for name in (*_KNOWN, "DATABASE_URL") if environment.get(name)),
        time_zone=ZoneInfo(zone),
        seal_lifetime=timedelta(days=int(days)),
        root_interval_s=int(interval),
        log_policy_file=_file(environment, "SIGILL_LOG_POLICY_FILE"),
        metrics_token_file=_file(environment, "SIGILL_METRICS_TOKEN_FILE"),
        publishing=published,
        key_stores=stores,
        limits=limited,
        registry_sources=sources,
    )


def check_unchanged(settings: Settings, *, issuer: str, demonstration: bool) -> None:
    """Compare the settings given with who the guarantor has been since the first start. Raises SettingsInvalid."""
    compared = {
        "SIGILL_ISSUER": (settings.issuer, issuer),
        "SIGILL_DEMONSTRATION": (f"{settings.demonstration:d}", f"{demonstration:d}"),
    }
    faults = [
        f"{name} is {now}, and since the first start it is {kept}; give that, nothing, or another VAR"
        for name, (now, kept) in compared.items()
        if name in settings.given and now != kept
    ]
    if faults:
        raise SettingsInvalid(faults)


def _faults_of_identity(issuer: str | None, demonstration: str) -> list[str]:
    """Return what is wrong with the issuer given (None: none was) and whether this is a demonstration."""
    faults: list[str] = []
    _expect(faults, issuer is None or _ISSUER.match(issuer), "SIGILL_ISSUER is https://host")
    _expect(faults, demonstration in {"0", "1"}, "SIGILL_DEMONSTRATION is 0 or 1")
    if faults:
        return faults
    if demonstration == "0":
        _expect(faults, issuer, "SIGILL_ISSUER is needed with SIGILL_DEMONSTRATION=0: the guarantor's own name")
    elif issuer is not None:
        _expect(
            faults,
            "demonstration" in issuer or issuer.endswith(".example"),
            f"SIGILL_ISSUER {issuer} is no demonstration's name; give SIGILL_DEMONSTRATION=0 with it",
        )
    return faults


def _file(environment: Mapping[str, str], name: str) -> Path | None:
    given = environment.get(name)
    return Path(given).resolve() if given else None


def _is_number(text: str, *, at_most: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(at_most)) and 0 < int(text) <= at_most


def _expect(faults: list[str], held: object, fault: str) -> None:
    if not held:
        faults.append(fault)
