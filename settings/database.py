"""The address of the database: which forms are taken, never repeating one in a fault, for it may hold a password."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

NAMES: Final = ("DATABASE_URL", "SIGILL_DATABASE_URL")
OPTIONS: Final = frozenset(
    {
        "application_name",
        "host",
        "passfile",
        "sslcert",
        "sslkey",
        "sslmode",
        "sslrootcert",
        "target_session_attrs",
    }
)
_SQLITE: Final = re.compile(r"sqlite:///(?!:memory:)[^?%\x00]+\Z")
_POSTGRESQL: Final = re.compile(r"postgresql(\+psycopg)?://[!-~]*\Z")
_NAME: Final = re.compile(r"/[A-Za-z0-9_.-]+\Z")
_FORMS: Final = (
    "sqlite:///path without ? and %, or postgresql://user@host:port/name with no options but "
    f"{', '.join(sorted(OPTIONS))}"
)


def read_database_url(environment: Mapping[str, str], *, var: Path) -> tuple[str, list[str]]:
    """Return the database's URL (by default a file in `var`) and what is wrong with it."""
    given = {name: environment[name] for name in NAMES if environment.get(name)}
    if len(set(given.values())) > 1:
        return "", ["DATABASE_URL and SIGILL_DATABASE_URL are one setting, and were given different values"]
    name, url = next(iter(given.items()), ("VAR (a folder; the database in it)", f"sqlite:///{var / 'sigill.db'}"))
    return url, [] if _is_sqlite(url) or _is_postgresql(url) else [f"{name} is {_FORMS}"]


def _is_sqlite(url: str) -> bool:
    return _SQLITE.match(url) is not None


def _is_postgresql(url: str) -> bool:
    if not _POSTGRESQL.match(url):
        return False
    try:
        parts = urlsplit(url)
        _ = parts.port  # a port that is none raises
        options = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True) if parts.query else []
    except ValueError:
        return False
    named = _NAME.match(parts.path) is not None and "#" not in url
    return named and all(name in OPTIONS and value for name, value in options)
