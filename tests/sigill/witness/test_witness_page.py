"""docs/witness.md says what is there."""

import re
import shlex
from pathlib import Path

import pytest

from sigill.cli.main import make_parser
from sigill.tlog.log_policy import parse_log_policy

PAGE = (Path(__file__).parents[3] / "docs" / "witness.md").read_text("utf-8")
COMMANDS = re.findall(r"(?:/|^|`)(sigill (?:witness|trust) [^`\n]+)", PAGE, flags=re.MULTILINE)
POLICY_LINES = re.findall(r"^witness \S+ \S+ \S+$", PAGE, flags=re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_can_be_given(command: str) -> None:
    arguments = make_parser().parse_args(shlex.split(command)[1:])
    assert arguments.handler


def test_the_page_shows_how_to_serve_and_how_to_see_the_key() -> None:
    assert {command.split()[2] for command in COMMANDS} >= {"serve", "key"}


def test_the_line_for_log_policies_is_one() -> None:
    (line,) = POLICY_LINES
    assert parse_log_policy(f"{line}\nquorum W1\n").witnesses["W1"].url == "https://witness.example"
