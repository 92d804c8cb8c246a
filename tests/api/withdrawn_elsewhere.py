"""A second process over the same data: says when it first sees that a message was withdrawn.

    python -m tests.api.withdrawn_elsewhere VAR SEAL TEXT

Prints "genuine", then, as JSON, when (Unix seconds) its answer and its status list changed.
"""

import json
import sys
import time

from settings import read_settings
from sigill.seal.claims import status_number_of
from sigill.seal.token import parse_seal
from sigill.status.token import parse_status_list
from verification.find import Brought
from verification.service import VerifyRequest, verify
from wiring import Services, build_services


def main(var: str, seal: str, text: str) -> None:
    services = build_services(read_settings({"VAR": var}))
    sys.stdout.write(f"{_answer(services, seal, text)}\n")
    sys.stdout.flush()
    _listed(services, seal)  # an older list is in memory now
    seen: dict[str, float] = {}
    while len(seen) < 2:
        if "answer" not in seen and _answer(services, seal, text) == "not_genuine":
            seen["answer"] = time.time()
        if "list" not in seen and _listed(services, seal):
            seen["list"] = time.time()
        time.sleep(0.02)
    sys.stdout.write(json.dumps(seen))


def _answer(services: Services, seal: str, text: str) -> str:
    asked = VerifyRequest(brought=Brought(seal=seal), content=text)
    return verify(asked, world=services.verification).report.answer.value


def _listed(services: Services, seal: str) -> bool:
    claim = parse_seal(seal).claims.status
    assert claim is not None
    published = services.status_lists.current(status_number_of(claim))
    assert published is not None
    return parse_status_list(published.token.decode("ascii")).list.status(claim.idx) == 1


if __name__ == "__main__":
    main(*sys.argv[1:])
