"""`python -m running.publish --once`: publish the logs now; `--check`: hold what is published against them; `--mend`.

Works on the data folder of a service that was started once, with its settings, while it runs or not.
Exit codes: 0 done, 1 something is wrong with a log or with what is published, 2 cannot be tried.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from settings import SettingsInvalid, read_settings
from sigill.errors import SigillError
from sigill.report.trust import ROOT
from transparency.publishing.checking import check_published
from transparency.publishing.everything import Published, Remembered, Targets, publish_all
from transparency.publishing.opening import open_targets
from transparency.publishing.plan import Content, public_content
from transparency.publishing.steps import PublishedLog
from transparency.reading import LogReader
from transparency.root_log import newest_note
from wiring import Services, build_services

FAULTY: Final = 1
NOT_TRIED: Final = 2
_FAILURES: Final = (SettingsInvalid, SigillError, SQLAlchemyError, OSError)
_SHOWN: Final = 20


def publish_now(
    services: Services, targets: Targets, *, remembered: Remembered | None = None, again: bool = False
) -> Published:
    """Publish everything once; `remembered` is what this process published before, and may be given again and again.

    Raises TargetUnavailable, StoreUnavailable, SQLAlchemyError.
    """
    note = newest_note(services.engine)  # before the heads are read: it must not know more than is published
    return publish_all(
        LogReader(services.engine),
        targets,
        root_note=note,
        trust=services.trust(),
        remembered=remembered,
        again=again,
    )


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Do what is asked; return the exit code. What was done is told on stdout, why not on stderr."""
    asked = _parser().parse_args(arguments)
    os.umask(0o077)
    try:
        settings = read_settings(environment)
        targets = open_targets(settings.publishing)
        if targets is None:
            sys.stderr.write("Nothing is published: SIGILL_PUBLISH_TO names no folder and no bucket.\n")
            return NOT_TRIED
        if not (settings.var / "guarantor.json").exists():
            sys.stderr.write(f"There is no service in {settings.var}: start it once, or set VAR to its folder.\n")
            return NOT_TRIED
        services = build_services(settings)
        try:
            return _check(services, targets) if asked.check else _publish(services, targets, again=asked.mend)
        finally:
            services.engine.dispose()
    except _FAILURES as error:
        sys.stderr.write(f"Not done: {error}\n")
        return NOT_TRIED


def _publish(services: Services, targets: Targets, *, again: bool) -> int:
    published = publish_now(services, targets, again=again)
    for line in describe(published, targets):
        sys.stdout.write(f"{line}\n")
    for log_id, why in published.failed.items():
        sys.stderr.write(f"Not published: {log_id}. {why}.\n")
    return FAULTY if published.failed else 0


def describe(published: Published, targets: Targets) -> Iterator[str]:
    """Yield what was done, a sentence or two a line."""
    for log in published.logs:
        yield from _describe_log(log)
    if published.trust_written:
        yield "The trust file was written."
    places = f"{targets.public}" if targets.entries is None else f"{targets.public}, entries to {targets.entries}"
    wrote = "Nothing had to be written" if not published.objects else f"{_count(published.objects, 'object')} written"
    yield f"Published to {places}. {wrote}, {_count(len(published.failed), 'log')} failed."


def _describe_log(log: PublishedLog) -> Iterator[str]:
    if log.newer:
        yield f"{log.log_id}: somebody published more meanwhile, {_count(log.size, 'leaf')}."
    elif log.objects:
        size, before = _count(log.size, "leaf"), f"{log.old_size:,} before"
        yield f"{log.log_id}: {size}, {before}. {_count(log.objects, 'object')} written, {log.written_bytes:,} bytes."
    else:
        yield f"{log.log_id}: {_count(log.size, 'leaf')}, as published before."
    for name in log.mended[:_SHOWN]:
        yield f"  {name} was not what it should be, and was written anew."
    if len(log.mended) > _SHOWN:
        yield f"  So were {len(log.mended) - _SHOWN} more."


def _check(services: Services, targets: Targets) -> int:
    reader, found, trust = LogReader(services.engine), 0, services.trust()
    heads = [head for head in reader.heads() if head.log_id != ROOT or newest_note(services.engine) is not None]
    for head in heads:
        log = trust.root if head.log_id == ROOT else trust.logs.get(head.log_id)
        keys = () if log is None else log.keys
        parts = [(targets.public, public_content(head.log_id))]
        if targets.entries is not None and head.log_id != ROOT:
            parts.append((targets.entries, Content.ENTRIES))
        for target, content in parts:
            for finding in check_published(reader, target, head, content, keys=keys):
                found += 1
                sys.stdout.write(f"{finding.fault}: {target}/{finding.where}: {finding.detail}.\n")
    sys.stdout.write(f"{_count(len(heads), 'log')} checked in {targets.public}, {_count(found, 'fault')}.\n")
    return FAULTY if found else 0


def _count(number: int, what: str) -> str:
    plural = {"leaf": "leaves"}.get(what, f"{what}s")
    return f"{number:,} {what if number == 1 else plural}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m running.publish", description="The logs as files: docs/publishing.md.")
    modes = parser.add_mutually_exclusive_group(required=True)
    modes.add_argument("--once", action="store_true", help="publish what is new, now")
    modes.add_argument("--check", action="store_true", help="hold every object against the log, and change nothing")
    modes.add_argument("--mend", action="store_true", help="look at every object, and write anew what is wrong")
    return parser


if __name__ == "__main__":
    sys.exit(main())
