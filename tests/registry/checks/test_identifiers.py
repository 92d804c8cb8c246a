"""Vectors: numbers of known companies as they print them themselves, and of python-stdnum's own documentation."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registry.checks.identifiers import IdentifierRefused, Refusal, Scheme, read_identifier

GOOD = [
    ("NTRSE-556036-0793", "NTRSE-5560360793"),  # SAAB
    ("NTRSE-165560360793", "NTRSE-5560360793"),  # the same, as the tax agency writes it
    ("ntrse-5560360793", "NTRSE-5560360793"),
    ("NTRNO-923 609 016", "NTRNO-923609016"),  # Equinor
    ("NTRDK-24256790", "NTRDK-24256790"),  # Novo Nordisk
    ("NTRFI-0112038-9", "NTRFI-01120389"),  # Nokia
    ("NTRFR-552 008 443", "NTRFR-552008443"),  # stdnum.fr.siren
    ("NTRES-J99216582", "NTRES-J99216582"),  # stdnum.es.cif
    ("NTRAT-122119m", "NTRAT-122119M"),  # stdnum.at.businessid
    ("NTRBE-0428759497", "NTRBE-0428759497"),  # stdnum.be.vat
    ("NTRCH-CHE-100.155.212", "NTRCH-CHE100155212"),  # stdnum.ch.uid
    ("NTRDE-K1101R.HRB116737", "NTRDE-K1101R.HRB116737"),  # the form of BRIS
    ("NTRDE-K1101R HRB 116737", "NTRDE-K1101R.HRB116737"),
    ("NTRGB-00445790", "NTRGB-00445790"),  # Tesco: no check digits
    ("VATSE-SE556036079301", "VATSE-556036079301"),
    ("VATDE-136695976", "VATDE-136695976"),  # stdnum.de.vat
    ("VATFR-FR40303265045", "VATFR-40303265045"),  # stdnum.fr.tva
    ("VATES-B64717838", "VATES-B64717838"),  # stdnum.es.nif
    ("VATEL-094259216", "VATGR-094259216"),  # stdnum.gr.vat
    ("VATGR-EL094259216", "VATGR-094259216"),
    ("VATNO-995525828MVA", "VATNO-995525828MVA"),  # stdnum.no.mva
    ("VATXI-432525179", "VATXI-432525179"),  # stdnum.eu.vat
    ("LEIXG-M312WZV08Y7LYUC71685", "LEIXG-M312WZV08Y7LYUC71685"),  # Swedbank, as GLEIF has it
    ("LEIXG-529900W18LQJJN6SJ336", "LEIXG-529900W18LQJJN6SJ336"),  # Société Générale Effekten
    ("PSDSE-FINA-44059", "PSDSE-FINA-44059"),  # ETSI TS 119 495
]
REFUSED = [
    ("NTRSE-5560360794", Refusal.NUMBER_WRONG),
    ("NTRNO-923609017", Refusal.NUMBER_WRONG),
    ("NTRDK-24256791", Refusal.NUMBER_WRONG),
    ("NTRFI-0112038-8", Refusal.NUMBER_WRONG),
    ("VATDE-136695978", Refusal.NUMBER_WRONG),
    ("VATES-B64717839", Refusal.NUMBER_WRONG),
    ("VATUS-123456789", Refusal.NO_SUCH_VAT),
    ("LEIXG-529900T8BM49AURSDO56", Refusal.LEI_WRONG),
    ("LEIXG-M312WZV08Y7LYUC7168", Refusal.LEI_WRONG),
    ("LEISE-M312WZV08Y7LYUC71685", Refusal.LEI_COUNTRY),
    ("PSDSE-44059", Refusal.PSP_FORM),
    ("NTRDE-HRB 116737", Refusal.COURT_MISSING),
    ("NTRDE-HRB116737", Refusal.COURT_MISSING),
    ("NTRDE-116737", Refusal.NUMBER_WRONG),
    ("NTRGB-00 445", Refusal.NUMBER_WRONG),
    ("ABCSE-5560360793", Refusal.SCHEME_UNKNOWN),
    ("CF:IT-RSSMRA", Refusal.SCHEME_UNKNOWN),
    ("", Refusal.NOT_OF_THIS_FORM),
    ("5560360793", Refusal.NOT_OF_THIS_FORM),
    ("NTRSE-", Refusal.NOT_OF_THIS_FORM),
    ("NTRSE-٥560360793", Refusal.NOT_OF_THIS_FORM),
    ("NTRSE-5560360793\n", Refusal.NOT_OF_THIS_FORM),
    ("NTRSE-" + "5" * 200, Refusal.NOT_OF_THIS_FORM),
]
OF_PEOPLE = [
    "NTRSE-811218-9876",  # the number the tax agency uses as its example
    "NTRSE-8112189876",
    "NTRSE-811218-9877",  # mistyped, and as personal
    "NTRSE-198112189876",
    "NTRSE-19811218-9876",
    "NTRSE-20110101-1234",
    "NTRSE-168112189876",
    "NTRSE-811278-9873",  # a coordination number: the day is 60 more
    "VATSE-811218987601",
    "VATSE-SE811218987601",
    "PSDSE-FINA-8112189876",
    "PNOSE-5560360793",
    "NTRDK-211062-5629",  # stdnum.dk.cpr
    "NTRFI-131052-308T",  # stdnum.fi.hetu
    "NTRNO-15108695088",  # stdnum.no.fodselsnummer
    "NTRES-54362315K",  # stdnum.es.dni
    "VATES-X5253868R",  # stdnum.es.nie
    "VATES-M1234567L",  # stdnum.es.nif
    "NTRPL-44051401359",  # stdnum.pl.pesel
    "NTRIT-RCCMNL83S18D969H",  # stdnum.it.codicefiscale
]


@pytest.mark.parametrize(("text", "spelling"), GOOD)
def test_a_right_number_is_taken_in_its_one_spelling(text: str, spelling: str) -> None:
    assert read_identifier(text).text == spelling


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_a_wrong_one_is_refused_for_its_own_reason_in_a_sentence(text: str, reason: Refusal) -> None:
    with pytest.raises(IdentifierRefused) as refused:
        read_identifier(text)
    assert refused.value.reason is reason
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("text", OF_PEOPLE)
def test_a_persons_number_is_refused_as_such_and_never_repeated(text: str) -> None:
    with pytest.raises(IdentifierRefused) as refused:
        read_identifier(text)
    assert refused.value.reason is Refusal.PERSONAL_NUMBER
    assert text.rpartition("-")[2] not in str(refused.value)
    assert "LEI" in str(refused.value)


def test_what_has_no_check_digits_says_that_they_were_not_checked() -> None:
    assert not read_identifier("NTRGB-00445790").checked
    assert not read_identifier("PSDSE-FINA-44059").checked
    assert read_identifier("NTRNO-923609016").checked


def test_check_digits_that_the_lei_standard_never_makes_are_refused() -> None:
    """00, 01 and 99 leave the same remainder as 97, 98 and 02: a second spelling, were they taken."""
    stem = next(s for s in (f"529900{n:012d}" for n in range(2000)) if _digits(s) == 98)
    assert read_identifier(f"LEIXG-{stem}98").scheme is Scheme.LEI
    with pytest.raises(IdentifierRefused):
        read_identifier(f"LEIXG-{stem}01")


def _digits(stem: str) -> int:
    return 98 - int("".join(str(int(character, 36)) for character in stem + "00")) % 97


_COUNTRIES = [text[3:5] for text, _ in GOOD] + ["IT", "NL", "PT", "LV", "CZ", "SK", "PL", "IE", "US"]
_LIKELY = st.builds(
    "{}{}-{}".format,
    st.sampled_from(["NTR", "VAT", "PSD", "LEI", "ntr", "PNO"]),
    st.sampled_from(_COUNTRIES),
    st.text("0123456789ABEFKLMSRXYZaszm -./:", max_size=24),
)


@given(st.text() | _LIKELY)
@example("VATFR-FRFR40303265045")
@example("VATNL-4495445B01")
@example("NTRDE-K1101R.HRB1 A")
def test_any_text_is_refused_or_has_one_spelling(text: str) -> None:
    try:
        read = read_identifier(text)
    except IdentifierRefused:
        return
    assert read_identifier(read.text) == read
    assert read_identifier(read.text).text == read.text
