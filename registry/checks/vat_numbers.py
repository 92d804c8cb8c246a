"""VAT numbers of the European Union, Northern Ireland, Norway, Switzerland and Great Britain, by their check digits."""

from typing import Final

from stdnum.ch import vat as ch_vat
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError
from stdnum.gb import vat as gb_vat
from stdnum.no import mva as no_mva

from registry.checks.national_numbers import read_with

UNION: Final = frozenset(country.upper() for country in eu_vat.MEMBER_STATES)  # Greece as GR, Northern Ireland as XI
_OTHERS: Final = {"CH": ch_vat, "GB": gb_vat, "NO": no_mva}


def is_vat_country(country: str) -> bool:
    """Tell whether this country's VAT numbers can be checked here."""
    return country in UNION or country in _OTHERS


def read_vat_number(country: str, number: str) -> str | None:
    """Return a VAT number in its compact form without the country's letters, None where it is wrong.

    The country's letters before it are dropped.
    """
    if country in _OTHERS:
        return read_with(_OTHERS[country], number)
    prefix = "EL" if country == "GR" else country
    for bare in (number, number.removeprefix(prefix), number.removeprefix(country)):
        compact = _read_union(prefix, bare)
        if compact is not None and _read_union(prefix, compact) == compact:
            return compact
    return None


def _read_union(prefix: str, number: str) -> str | None:
    try:
        compact = eu_vat.validate(prefix + number).removeprefix(prefix)
    except ValidationError:
        return None
    return compact if compact.isascii() and compact.isalnum() else None
