"""Does a condition hold for these facts?"""

from sigill.policy.facts import Facts
from sigill.policy.model import Condition


def holds(condition: Condition, facts: Facts) -> bool:
    """Whether every part that `condition` gives holds; an empty condition always does."""
    of_the_message = (
        (condition.industries, facts.industry),
        (condition.enquiries, facts.enquiry),
        (condition.authorship, facts.authorship),
        (condition.channels, facts.channel),
        (condition.directions, facts.direction),
        (condition.purposes, facts.purpose),
        (condition.roles, facts.role),
    )
    if any(wanted is not None and fact not in wanted for wanted, fact in of_the_message):
        return False
    if condition.flags is not None and condition.flags.isdisjoint(facts.operator_flags):
        return False
    if condition.scopes is not None and condition.scopes.isdisjoint(facts.scope):
        return False
    if condition.vulnerable is not None and condition.vulnerable is not facts.vulnerable:
        return False
    return condition.ai_system_registered is None or condition.ai_system_registered is facts.ai_system_registered
