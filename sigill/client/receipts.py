"""Fetching a seal's receipt: the service says where it stands, and nothing of that is believed that is not proven."""

from sigill.client.answers import read_verdict
from sigill.client.errors import AnswerNotTrusted
from sigill.client.exchange import Call, Exchange, format_body
from sigill.client.proof import TrustTooOld
from sigill.report.checks import Detail
from sigill.report.logged import LogEvidence, Logged, look_in_log
from sigill.report.trust import Trust
from sigill.seal.token import ParsedSeal, format_seal
from sigill.tlog.log_policy import LogPolicy


def fetch_receipt(seal: ParsedSeal, *, exchange: Exchange) -> str:
    """Return the receipt that the service gives for a seal. Raises AnswerNotTrusted where it gives none."""
    body = format_body({"seal": format_seal(seal.jws.text, ())})
    verdict = read_verdict(exchange.send(Call(path="/v1/verifications", body=body)))
    receipt = verdict.members.get("proof")
    if not isinstance(receipt, str):
        raise AnswerNotTrusted(f"The service has no receipt for this seal. It answers: {verdict.members.get('why')}")
    return receipt


def check_receipt(seal: ParsedSeal, receipt: str, *, trust: Trust, policy: LogPolicy | None) -> Logged:
    """Return what a receipt proves of a seal. Raises AnswerNotTrusted if not even that it is in its log."""
    logged = look_in_log(seal, LogEvidence(receipt), trust=trust, policy=policy)
    if logged.log is Detail.LOG_KEY_UNKNOWN:
        raise TrustTooOld("The trust file does not know this sender's log. Fetch it again: sigill trust --out FILE")
    if logged.log is not Detail.IN_THE_LOG or logged.witnessed is Detail.NOT_IN_THE_ROOT_LOG:
        raise AnswerNotTrusted("The receipt that came back does not prove that the seal is in the log. Do not keep it.")
    return logged
