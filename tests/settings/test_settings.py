"""Settings: everything has a default that works, and every fault is told at once."""

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings import DEMONSTRATION_ISSUER, SettingsInvalid, check_unchanged, read_settings


def faults(**environment: str) -> tuple[str, ...]:
    with pytest.raises(SettingsInvalid) as raised:
        read_settings(environment)
    assert str(raised.value) == "\n".join(raised.value.faults)
    return raised.value.faults


def test_an_empty_environment_is_a_demonstration_on_this_machine() -> None:
    found = read_settings({"PATH": "/bin", "HOME": "/nowhere"})
    assert found.bind == "127.0.0.1:8000"
    assert found.public_url == "http://127.0.0.1:8000"
    assert found.var == Path("var").resolve()
    assert found.database_url == f"sqlite:///{found.var}/sigill.db"
    assert (found.issuer, found.demonstration) == (DEMONSTRATION_ISSUER, True)
    assert str(found.time_zone) == "Europe/Stockholm"
    assert found.seal_lifetime == timedelta(days=1095)


def test_an_empty_value_is_no_value() -> None:
    names = ("VAR", "PORT", "SIGILL_BIND", "SIGILL_PUBLIC_URL", "SIGILL_DATABASE_URL", "SIGILL_ISSUER")
    assert read_settings(dict.fromkeys(names, "")) == read_settings({})


def test_every_setting_is_taken() -> None:
    found = read_settings(
        {
            "VAR": "/srv/sigill",
            "PORT": "9000",
            "SIGILL_BIND": "[::1]:9001",
            "SIGILL_PUBLIC_URL": "https://sigill.example:8443",
            "SIGILL_DATABASE_URL": "sqlite:////srv/other.db",
            "SIGILL_ISSUER": "https://guarantor.example",
            "SIGILL_DEMONSTRATION": "0",
            "SIGILL_TIME_ZONE": "Europe/Madrid",
            "SIGILL_SEAL_DAYS": "36500",
            "SIGILL_URL": "the command line's",
            "SIGILL_API_KEY": "too",
        }
    )
    assert (found.bind, found.public_url) == ("[::1]:9001", "https://sigill.example:8443")
    assert (found.database_url, found.issuer) == ("sqlite:////srv/other.db", "https://guarantor.example")
    assert (found.demonstration, str(found.time_zone)) == (False, "Europe/Madrid")
    assert found.seal_lifetime == timedelta(days=36_500)


def test_all_faults_are_told_at_once() -> None:
    found = faults(
        PORT="0",
        SIGILL_BIND="here",
        SIGILL_PUBLIC_URL="sigill.example",
        SIGILL_DATABASE_URL="mysql://x",
        SIGILL_ISSUER="http://guarantor.example",
        SIGILL_DEMONSTRATION="yes",
        SIGILL_TIME_ZONE="Stockholm",
        SIGILL_SEAL_DAYS="-1",
        SIGILL_TYPO="1",
        SIGILL_TYPO_TOO="1",
    )
    assert [fault.split()[0] for fault in found] == [
        "SIGILL_TYPO",
        "SIGILL_TYPO_TOO",
        "PORT",
        "SIGILL_BIND",
        "SIGILL_PUBLIC_URL",
        "SIGILL_ISSUER",
        "SIGILL_DEMONSTRATION",
        "SIGILL_TIME_ZONE",
        "SIGILL_SEAL_DAYS",
        "SIGILL_DATABASE_URL",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "65536"),
        ("PORT", "9" * 5000),
        ("PORT", "\u0665"),
        ("PORT", "80\n"),
        ("SIGILL_SEAL_DAYS", "36501"),
        ("SIGILL_SEAL_DAYS", "1.5"),
        ("SIGILL_BIND", "127.0.0.1:99999"),
        ("SIGILL_BIND", "127.0.0.1:8000\n"),
        ("SIGILL_PUBLIC_URL", "https://sigill.example/"),
        ("SIGILL_PUBLIC_URL", "https://sigill.example?x"),
        ("SIGILL_PUBLIC_URL", "javascript://sigill.example"),
        ("SIGILL_ISSUER", "https://Guarantor.example"),
        ("SIGILL_ISSUER", "https://guarantor.example/"),
        ("SIGILL_DATABASE_URL", "sqlite:///:memory:"),
        ("SIGILL_DATABASE_URL", "sqlite://"),
        ("SIGILL_DATABASE_URL", "sqlite:///a?mode=memory"),
        ("VAR", "a%20b"),
        ("SIGILL_TIME_ZONE", "../etc/passwd"),
    ],
)
def test_a_value_out_of_its_form_is_a_fault(name: str, value: str) -> None:
    assert len(faults(**{name: value})) == 1


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////srv/other.db",
        "postgresql://db.example/sigill",
        "postgresql+psycopg://sigill:p%40ss@[::1]:5433/sigill_1",
        "postgresql:///sigill?host=/run/postgresql",
        "postgresql://sigill@one,two/sigill?sslmode=verify-full&target_session_attrs=read-write",
    ],
)
@pytest.mark.parametrize("name", ["DATABASE_URL", "SIGILL_DATABASE_URL"])
def test_the_database_has_two_names_and_several_forms(name: str, url: str) -> None:
    found = read_settings({name: url})
    assert found.database_url == url
    assert found.given == {name}
    assert read_settings({"DATABASE_URL": url, "SIGILL_DATABASE_URL": url}).database_url == url


@pytest.mark.parametrize(
    "url",
    [
        "postgres://u:SECRET@h/db",
        "mysql://u:SECRET@h/db",
        "postgresql://u:SECRET@h",
        "postgresql://u:SECRET@h/",
        "postgresql://u:SECRET@h/a/b",
        "postgresql://u:SECRET@h/db#x",
        "postgresql://u:SECRET@h:port/db",
        "postgresql://u:SECRET@h:99999/db",
        "postgresql://u:SECRET@[::1/db",
        "postgresql://u:SECRET@h/db?options=-csynchronous_commit=off",
        "postgresql://u:SECRET@h/db?password=SECRET",
        "postgresql://u:SECRET@h/db?sslmode",
        "postgresql://u:SECRET@h/db?sslmode=",
        "postgresql://u:SECRET@h/db\n",
        "postgresql://u:SECRET\u00e9@h/db",
        "sqlite:///SECRET?mode=memory",
    ],
)
def test_a_database_of_another_form_is_a_fault_that_does_not_repeat_it(url: str) -> None:
    (fault,) = faults(DATABASE_URL=url)
    assert fault.startswith("DATABASE_URL is sqlite:///path")
    assert "SECRET" not in fault


def test_two_databases_are_a_fault_that_names_neither() -> None:
    (fault,) = faults(DATABASE_URL="postgresql://u:SECRET@h/one", SIGILL_DATABASE_URL="postgresql://u:SECRET@h/two")
    assert "different values" in fault
    assert "SECRET" not in fault


def test_settings_can_be_shown_without_the_password() -> None:
    assert "SECRET" not in repr(read_settings({"DATABASE_URL": "postgresql://u:SECRET@h/db"}))


@pytest.mark.parametrize(
    "issuer",
    ["https://demonstration.sigill.se", "https://sigill-demonstration.se", "https://guarantor.example"],
)
def test_a_demonstration_may_be_named_as_one(issuer: str) -> None:
    for given_too in ({}, {"SIGILL_DEMONSTRATION": "1"}):
        found = read_settings({"SIGILL_ISSUER": issuer, **given_too})
        assert (found.issuer, found.demonstration) == (issuer, True)


@pytest.mark.parametrize("issuer", ["https://sigill.se", "https://example.com", "https://guarantor.example.com"])
@pytest.mark.parametrize("given_too", [{}, {"SIGILL_DEMONSTRATION": "1"}, {"SIGILL_DEMONSTRATION": ""}])
def test_a_demonstration_under_a_real_name_is_a_fault(issuer: str, given_too: dict[str, str]) -> None:
    (fault,) = faults(SIGILL_ISSUER=issuer, **given_too)
    assert issuer in fault
    assert "SIGILL_DEMONSTRATION=0" in fault


@pytest.mark.parametrize("given_too", [{}, {"SIGILL_ISSUER": ""}])
def test_a_real_guarantor_without_a_name_is_a_fault(given_too: dict[str, str]) -> None:
    (fault,) = faults(SIGILL_DEMONSTRATION="0", **given_too)
    assert fault.startswith("SIGILL_ISSUER is needed")


def test_what_was_given_is_told_from_what_is_a_default() -> None:
    found = read_settings({"SIGILL_ISSUER": DEMONSTRATION_ISSUER, "SIGILL_DEMONSTRATION": "", "PATH": "/bin"})
    assert found.given == {"SIGILL_ISSUER"}


def test_only_what_was_given_must_be_as_at_the_first_start() -> None:
    check_unchanged(read_settings({}), issuer="https://sigill.se", demonstration=False)
    given_again = read_settings({"SIGILL_ISSUER": "https://sigill.se", "SIGILL_DEMONSTRATION": "0"})
    check_unchanged(given_again, issuer="https://sigill.se", demonstration=False)
    with pytest.raises(SettingsInvalid) as raised:
        check_unchanged(given_again, issuer=DEMONSTRATION_ISSUER, demonstration=True)
    issuer, demonstration = raised.value.faults
    assert "https://sigill.se" in issuer
    assert DEMONSTRATION_ISSUER in issuer
    assert "is 0, and since the first start it is 1" in demonstration


@given(
    st.dictionaries(
        st.sampled_from(["PORT", "DATABASE_URL", "SIGILL_BIND", "SIGILL_SEAL_DAYS", "SIGILL_ISSUER"]), st.text()
    )
)
def test_nothing_but_settings_invalid_is_raised(environment: dict[str, str]) -> None:
    with suppress(SettingsInvalid):
        read_settings(environment)
