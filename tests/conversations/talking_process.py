"""A process of its own: `VAR CONVERSATION PEOPLE COUNT` writes messages and events into one conversation at once.

Each of PEOPLE threads writes COUNT of them, messages and events in turn. Prints the id of each that was acknowledged.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.getcwd())  # noqa: PTH109 - the repository's root

from registry.operators import load_operator
from settings import read_settings
from sigill.event.kinds import HumanRequested
from sigill.vocabulary import Authorship, Channel, Enquiry
from signing.events import EventRequest, record_event
from signing.issue import issue_seal
from signing.request import make_request
from storage.engine import reading
from wiring import Services, build_services

OPERATOR = "exempelbanken"


def talk(services: Services, conversation_id: str, reference: str, *, writer: int, count: int) -> list[str]:
    """Write messages and events; return their ids."""
    with reading(services.engine) as connection:
        operator = load_operator(connection, OPERATOR)
    written = []
    for number in range(count):
        if (writer + number) % 3 == 0:
            event = EventRequest(conversation_id=conversation_id, happening=HumanRequested())
            written.append(record_event(event, operator=operator, world=services.signing).jti)
        else:
            message = make_request(
                authorship=Authorship.AI,
                channel=Channel.CHAT,
                enquiry=Enquiry.INFORMATIONAL,
                text=f"Svar {number} av {writer}.",
                conversation=reference,
            )
            written.append(issue_seal(message, operator=operator, world=services.signing).signed.jti)
    return written


def talk_at_once(services: Services, conversation_id: str, reference: str, *, writers: int, count: int) -> list[str]:
    """Let `writers` threads talk at once; return the ids of all they wrote."""
    with ThreadPoolExecutor(writers) as pool:
        running = [
            pool.submit(talk, services, conversation_id, reference, writer=writer, count=count)
            for writer in range(writers)
        ]
        return [jti for each in running for jti in each.result()]


def main(var: str, conversation_id: str, reference: str, writers: str, count: str) -> None:
    """Talk, and print what was acknowledged."""
    services = build_services(read_settings({"VAR": var}))
    for jti in talk_at_once(services, conversation_id, reference, writers=int(writers), count=int(count)):
        sys.stdout.write(f"{jti}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
