"""From the form a customer sends to what is verified. Pure.

message    the text as pasted; it may be a code, a link or a seal, or carry one
reference  the code, link or seal the customer already had, where a step was left
recipient  the phone number or e-mail address the message came to
sender     who a message without a seal says it is from; with it `came` (the channel) and `day`, if that was given
lang       the language chosen on the page before; `switch` is the button that changes it
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final

from sigill.errors import MalformedAddress
from sigill.report.find import find_in_text
from sigill.text.addresses import Address, parse_address
from sigill.vocabulary import Channel, Language
from verification.claimed import MAX_SENDER, Claim
from verification.find import Brought
from verification.service import VerifyRequest

MAX_FORM_BYTES: Final = 262_144
_SEAL: Final = re.compile(r"eyJ[A-Za-z0-9_-]+\.")
_NATIONAL: Final = re.compile(r"0[1-9][0-9 ()./-]{4,}\Z")
_COUNTRY_CODES: Final = {Language.SV: "+46", Language.FI: "+358", Language.DE: "+49"}
_BEFORE_CODE: Final = re.compile(r"\ASigill:?\s*", re.IGNORECASE)


class FaultyField(StrEnum):
    """Which field keeps a form from being answered."""

    MESSAGE = "message"
    RECIPIENT = "recipient"


class FormFault(Exception):
    """A form that cannot be answered as it is. Never leaves this package."""

    def __init__(self, field: FaultyField) -> None:
        super().__init__(field)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CheckForm:
    """What the customer wrote. Its `repr` does not show it: messages and addresses stay out of logs."""

    message: str = ""
    reference: str = ""
    recipient: str = ""
    sender: str = ""
    came: str = ""
    day: str = ""


def read_form(fields: Mapping[str, str]) -> CheckForm:
    """Return the form of these fields. Browsers send every line end as CR LF; a message has LF."""
    return CheckForm(
        message=fields.get("message", "").replace("\r\n", "\n"),
        reference=fields.get("reference", "").strip(),
        recipient=fields.get("recipient", "").strip(),
        sender=fields.get("sender", "").strip(),
        came=fields.get("came", "").strip(),
        day=fields.get("day", "").strip(),
    )


def ask(form: CheckForm, *, language: Language) -> VerifyRequest:
    """Return what the form asks to verify. Raises FormFault for an empty form and for what is no address.

    A number written as at home (070-174 06 05) is taken as one of the language's country. A wrong guess costs a
    second try, never a wrong *genuine*: the number must match the sealed one all the same.
    """
    if not form.reference and not form.message.strip():
        raise FormFault(FaultyField.MESSAGE)
    recipient = _address(form.recipient, language)
    if not form.reference:
        return VerifyRequest(brought=Brought(text=form.message), recipient=recipient, claim=_claim(form))
    # A code written once more where the message belongs is no message to compare.
    content = find_in_text(form.message).text if form.message.strip() else None
    return VerifyRequest(brought=_brought(form.reference), content=content, recipient=recipient, claim=_claim(form))


def step_left(form: CheckForm) -> CheckForm:
    """Return the form to go on with: a lone code, link or seal moves to its own field, so the message can be pasted."""
    if form.reference or not form.message.strip() or find_in_text(form.message).text is not None:
        return form
    return replace(form, reference=form.message.strip(), message="")


def _claim(form: CheckForm) -> Claim | None:
    """Return what is claimed; a channel or day that is none is left out, for a browser offers only good ones."""
    if not form.sender:
        return None
    try:
        day = date.fromisoformat(form.day)
    except ValueError:
        day = None
    channel = Channel(form.came) if form.came in set(Channel) else Channel.SMS
    return Claim(sender=form.sender[:MAX_SENDER], channel=channel, day=day)


def _brought(reference: str) -> Brought:
    if _SEAL.match(reference):
        return Brought(seal=reference)
    if "/" in reference:
        return Brought(link=reference)
    return Brought(code=_BEFORE_CODE.sub("", reference))


def _address(typed: str, language: Language) -> Address | None:
    if not typed:
        return None
    country_code = _COUNTRY_CODES.get(language)
    if country_code is not None and _NATIONAL.match(typed):
        typed = country_code + typed[1:]
    try:
        return parse_address(typed)
    except MalformedAddress:
        raise FormFault(FaultyField.RECIPIENT) from None
