"""Thirty writers at once in one conversation: all get through, and whoever holds the links finds no fault in them."""

import subprocess
import sys
from pathlib import Path

import pytest

from conversations.listing import Entry, find_conversation, load_entries
from sigill.report.chain import check_chain
from signing.issue import reference_mac
from storage.engine import reading
from tests.builders_deployment import Deployment
from tests.conversations.talking_process import OPERATOR, talk_at_once

ROOT = Path(__file__).parents[2]
PROCESS = Path(__file__).parent / "talking_process.py"
REFERENCE = "chat-1"


def begin(made: Deployment) -> tuple[str, str]:
    """Begin the conversation; return its id and that of its first message."""
    first = made.sign(authorship="ai", conversation=REFERENCE).get_json()
    return first["conversation"]["id"], first["id"]


def check_whole(made: Deployment, written: set[str]) -> None:
    """Check that the conversation holds exactly what was acknowledged, in one unbroken chain that the log holds."""
    services = made.services
    mac = reference_mac(REFERENCE, operator_id=OPERATOR, world=services.signing)
    assert mac is not None
    with reading(services.engine) as connection:
        found = find_conversation(connection, operator_id=OPERATOR, reference_mac=mac)
        assert found is not None
        loaded, more = load_entries(connection, found.state.id, after=0, limit=1000)
    entries = [entry for entry in loaded if isinstance(entry, Entry)]
    assert (more, len(entries)) == (None, len(loaded))
    assert found.state.seq == len(entries) == len(written)
    assert {entry.jti for entry in entries} == written
    assert check_chain([entry.jws for entry in entries], trust=services.trust()) == ()
    head = services.log.head(OPERATOR)
    assert head is not None
    assert head.size == len(written)


@pytest.mark.slow
def test_thirty_threads_write_messages_and_events_into_one_conversation(deployment: Deployment) -> None:
    conversation_id, first = begin(deployment)
    written = talk_at_once(deployment.services, conversation_id, REFERENCE, writers=30, count=2)
    check_whole(deployment, {first, *written})


@pytest.mark.slow
def test_two_processes_of_fifteen_threads_write_into_one_conversation(deployment: Deployment) -> None:
    conversation_id, first = begin(deployment)
    arguments = [str(deployment.services.settings.var), conversation_id, REFERENCE, "15", "2"]
    running = [
        subprocess.Popen(
            [sys.executable, str(PROCESS), *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    ended = [process.communicate() for process in running]  # both, before anything is checked
    assert [process.returncode for process in running] == [0, 0], [trouble for _, trouble in ended]
    check_whole(deployment, {first}.union(*(out.split() for out, _ in ended)))
