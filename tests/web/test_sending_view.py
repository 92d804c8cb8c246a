"""What stands above a sender's contact points: what they rest on, in every language."""

from datetime import timedelta

import pytest

from registry.model import OperatorId
from registry.sending.model import Contact, ContactId, ContactKind, ContactState, Method
from registry.sending.public import SendingPolicy
from sigill.report.answers import Reason
from sigill.report.words import words
from sigill.vocabulary import Language
from tests.builders_seal import NOW
from tests.builders_web import site, verdict_for
from web.sending import PolicyView, view_policy


def viewed(method: Method, language: Language) -> PolicyView:
    contact = Contact(
        id=ContactId("c-1"),
        operator_id=OperatorId("exempelbanken"),
        kind=ContactKind.SENDER_NAME,
        value="Exempelbank",
        key="exempelbank",
        state=ContactState.VERIFIED,
        declared_at=NOW - timedelta(days=2),
        method=method,
        verified_at=NOW - timedelta(days=1),
        valid_until=NOW + timedelta(days=90),
    )
    world = site(verdict_for(Reason.UNSIGNED)).world
    return view_policy(SendingPolicy(contacts=(contact,)), words=words(language), world=world)


@pytest.mark.parametrize("language", Language)
def test_what_is_made_up_is_never_said_to_be_shown_as_the_sender_s_own(language: Language) -> None:
    made_up, shown = viewed(Method.DEMONSTRATION, language), viewed(Method.REGISTRAR, language)
    (contact,) = made_up.contacts
    assert made_up.lead.casefold().startswith(contact.how.split()[0])
    assert shown.lead == words(language).sending("contacts_lead")
    assert made_up.lead != shown.lead
