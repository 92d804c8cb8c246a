"""The words of policies: verdicts, bases, scopes, operator flags, and the order among them."""

from enum import StrEnum
from typing import Final


class Verdict(StrEnum):
    """May it be sent? `allow` means that the operator owes nothing for it."""

    ALLOW = "allow"
    ALLOW_WITH_OBLIGATIONS = "allow_with_obligations"
    DENY = "deny"


class Basis(StrEnum):
    """Why a rule stands, strongest first: law, law for some firms or moments, an authority's view, our advice."""

    LAW = "law"
    LAW_IN_SOME_CASES = "law_in_some_cases"
    GUIDANCE = "guidance"
    DEFAULT = "default"


class Posture(StrEnum):
    """How careful a pack is with AI, after what the industry's customers say."""

    STRICT = "strict"
    NEUTRAL = "neutral"
    PERMISSIVE = "permissive"


class Doer(StrEnum):
    """Who must do what an obligation asks. What the service does itself is no burden on the operator."""

    OPERATOR = "operator"
    SERVICE = "service"


class OperatorFlag(StrEnum):
    """What the registry knows about an operator that a rule may depend on."""

    AI_ACT_PROVIDER = "ai_act_provider"
    AUTHORISED_ROBO_ADVICE = "authorised_robo_advice"
    CA_LARGE_PRIVATE_BUSINESS = "ca_large_private_business"
    CLAIM_LIMIT_DECLARED = "claim_limit_declared"
    ES_SAC_IN_SCOPE = "es_sac_in_scope"
    LICENSED_PROVIDER_REVIEWS = "licensed_provider_reviews"
    ONLINE_PLATFORM = "online_platform"
    STATUTORY_AUTOMATION = "statutory_automation"


class Scope(StrEnum):
    """What a message does within its enquiry, where the kind of enquiry alone is too coarse."""

    ACKNOWLEDGEMENT = "acknowledgement"
    APPLICATION_INTAKE = "application_intake"
    APPOINTMENT_BOOKING = "appointment_booking"
    AUTHORISED_ROBO_ADVICE = "authorised_robo_advice"
    BALANCE_ON_REQUEST = "balance_on_request"
    CONTACT_DETAILS_FOR_AUTHENTICATION = "contact_details_for_authentication"
    FACTUAL_PRODUCT_INFORMATION = "factual_product_information"
    FIXED_SAFETY_MESSAGE_WITH_NUMBER = "fixed_safety_message_with_number"
    FULL_APPROVAL_WITHIN_PRESET_LIMIT = "full_approval_within_preset_limit"
    IMMEDIATE_TRANSFER = "immediate_transfer"
    INTAKE_ONLY = "intake_only"
    LIMITS = "limits"
    NEUTRAL_PAYMENT_REMINDER = "neutral_payment_reminder"
    PARTIAL_REFUSAL = "partial_refusal"
    PAYEE = "payee"
    PAYOUT_ACCOUNT = "payout_account"
    REFUSAL = "refusal"
    SINGLE_HANDOFF_MESSAGE = "single_handoff_message"
    STATUS_UPDATE = "status_update"
    STATUTORY_RULE_BASED_AUTOMATION = "statutory_rule_based_automation"

    CLINICAL_INFORMATION = "clinical_information"
    IDENTITY_QUESTION = "identity_question"
    PLATFORM_MODERATION_COMPLAINT = "platform_moderation_complaint"
    PRECONTRACT_EXPLANATION = "precontract_explanation"


TOPICS: Final = frozenset(
    {
        Scope.CLINICAL_INFORMATION,
        Scope.IDENTITY_QUESTION,
        Scope.PLATFORM_MODERATION_COMPLAINT,
        Scope.PRECONTRACT_EXPLANATION,
    }
)
"""Scopes that say what the message is about, not what it does; beside an allowed scope they change nothing."""

BASIS_RANK: Final = {basis: rank for rank, basis in enumerate(Basis)}
"""0 is the strongest."""

VERDICT_RANK: Final = {verdict: rank for rank, verdict in enumerate(Verdict)}
"""The highest is the strictest."""


def strictest(first: Verdict, second: Verdict) -> Verdict:
    """Return the stricter verdict: deny over obligations over allow."""
    return max(first, second, key=VERDICT_RANK.__getitem__)
