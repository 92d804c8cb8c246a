"""Witnesses asked over HTTP, as the publisher and the guard need them: an answer or a reason, never an exception."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sigill.client.errors import ClientError
from sigill.client.witness import Behind, Refused, ask_witness, read_witness
from sigill.errors import SigillError
from sigill.tlog.cosignature import WitnessKey
from sigill.tlog.log_policy import LogPolicy
from sigill.tlog.note import VerifierKey
from sigill.tlog.witness_wire import AddCheckpoint
from transparency.witnessing import TIMEOUT_S, Cosigned, Declined, Knows, Reply, Witness

_ANSWER_S: Final = TIMEOUT_S - 1.0  # less than a round waits


@dataclass(frozen=True, slots=True)
class HttpWitness:
    """One witness at its prefix, under the key that the policy names."""

    key: WitnessKey
    url: str

    def add(self, request: AddCheckpoint) -> Reply:
        """Ask for a cosignature."""
        try:
            answer = ask_witness(self.url, request, key=self.key, timeout_s=_ANSWER_S)
        except (ClientError, SigillError) as error:
            return Declined(str(error))
        match answer:
            case Behind(size):
                return Knows(size)
            case Refused(status, reason):
                return Declined(f"HTTP {status}: {reason}", answered=True)
            case _:
                return Cosigned(answer.signature)

    def shown(self, origin: str, keys: tuple[VerifierKey, ...]) -> str | None:
        """Return the note that the witness shows of a log, if one of `keys` signed it; None too where none comes."""
        try:
            seen = read_witness(self.url, origin, key=self.key, log_keys=keys, timeout_s=_ANSWER_S)
        except (ClientError, SigillError):
            return None
        return None if seen is None else seen.note


def ask_over_http(policy: LogPolicy) -> Mapping[str, Witness]:
    """Return the witnesses of a policy that have an address, by their names in it."""
    return {
        name: HttpWitness(witness.key, witness.url)
        for name, witness in policy.witnesses.items()
        if witness.url is not None
    }
