"""`sigill receipt`: fetch the proof that a seal is in the log, to keep; later, see if the log still agrees with it.

Exit codes of `--check`: 0 the log still agrees, 1 it does not or does not prove it, 2 no receipt, 3 it was not reached.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sigill.cli.arguments import Subparsers, add_command
from sigill.cli.audit import fault_line
from sigill.cli.audit_options import choose_trust, open_source
from sigill.cli.connect import add_url, connect
from sigill.cli.environment import default_language, default_url
from sigill.cli.exits import Exit, Stop
from sigill.cli.files import check_one_stdin, read_log_policy, read_seal, read_text, read_trust, write_file
from sigill.cli.show import harmless, say, say_exactly, tell
from sigill.client.kept_receipt import ComparedLog, compare_with_today, open_receipt
from sigill.errors import MalformedNote, MalformedSeal
from sigill.report.checks import Detail
from sigill.report.kept import Kept, conclude
from sigill.report.words import words
from sigill.seal.token import parse_seal

_EXAMPLES: Final = """\
  sigill receipt seal.txt --out receipt.tlog-proof
  sigill receipt --check receipt.tlog-proof --trust trust.json
  sigill verify message.txt --seal seal.txt --trust trust.json --receipt receipt.tlog-proof --status status.jwt"""


def add_parser(subparsers: Subparsers) -> None:
    """Add `receipt`."""
    parser = add_command(
        subparsers, "receipt", run, text="fetch the proof that a seal is in the log, to keep", examples=_EXAMPLES
    )
    parser.add_argument("file", metavar="FILE", help="the seal, or with --check the receipt; - for standard input")
    parser.add_argument(
        "--check", action="store_true", help="FILE is a receipt you kept: does the log still agree with it today?"
    )
    parser.add_argument("--out", metavar="FILE", type=Path, help="default: standard output")
    parser.add_argument("--trust", metavar="FILE", help="believe these keys only (see: sigill trust)")
    parser.add_argument("--log-policy", metavar="FILE", help="the witnesses you trust; default: the trust file's")
    add_url(parser)


def run(arguments: argparse.Namespace) -> int:
    """Fetch the receipt, see what it proves, and write it; or check one that was kept."""
    check_one_stdin(arguments.file, arguments.trust, arguments.log_policy)
    if arguments.check:
        return _check(arguments)
    trust = None if arguments.trust is None else read_trust(arguments.trust)
    policy = None if arguments.log_policy is None else read_log_policy(arguments.log_policy)
    try:
        seal = parse_seal(read_seal(arguments.file))
    except MalformedSeal as error:
        raise Stop(f"This is not a whole seal: {error}. Give the seal as it was sealed.") from error
    receipt, logged = connect(arguments, trust=trust).receipt(seal, policy=policy)
    if arguments.out is None:
        say_exactly(receipt)
    else:
        write_file(arguments.out, receipt)
        tell(f"The receipt is in {arguments.out}.")
    speech = words(default_language())
    tell(speech.detail(logged.log))
    tell(speech.detail(logged.witnessed))
    if logged.witnessed_at is not None:
        tell(f"{logged.witnessed_at:%Y-%m-%d %H:%M:%S} UTC")
    return Exit.GENUINE


def _check(arguments: argparse.Namespace) -> int:
    """Hold a kept receipt against the logs as they are shown now, and tell how it ends."""
    if arguments.out is not None:
        raise Stop("--check fetches nothing to keep. Leave --out away.")
    speech, text = words(default_language()), read_text(arguments.file)
    policy = None if arguments.log_policy is None else read_log_policy(arguments.log_policy)
    source = open_source(arguments.url or default_url(), retry_for_s=0.0)
    chosen = choose_trust(source, arguments.trust)
    try:
        kept, findings = open_receipt(text, trust=chosen.trust, policy=policy)
    except MalformedNote as error:
        raise Stop(f"This is no receipt: {error}. Give the file that sigill receipt wrote.") from error
    compared = list(compare_with_today(kept, source=source, trust=chosen.trust, policy=policy))
    found = [*findings, *(finding for log in compared for finding in log.findings)]
    failed = [log.failed for log in compared if log.failed is not None]
    if failed and not found:
        raise Stop(harmless(f"{speech.detail(Detail.LOG_UNREACHABLE)} {failed[0]}"), code=Exit.CANNOT_SAY)
    say(speech.kept(conclude(found)))
    say(*(harmless(f"{log.origin}: {log.old_size:,} → {log.new_size:,}") for log in compared if log.new_size))
    say(*(harmless(fault_line(finding)) for finding in found))
    if not found:
        say(speech.detail(_witnessed(compared)))
    tell(*map(harmless, failed))
    if not chosen.own:
        tell(speech.kept(Kept.OWN_WORD))
    return Exit.NOT_GENUINE if found else Exit.GENUINE


def _witnessed(compared: Sequence[ComparedLog]) -> Detail:
    quorum_s = compared[-1].quorum_s
    if quorum_s is None:  # a receipt from before the root log had a checkpoint of it
        return Detail.NOT_WITNESSED_YET
    return Detail.WITNESSED if quorum_s else Detail.NO_WITNESS_TRUSTED
