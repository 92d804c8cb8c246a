"""One log, published: entries for its auditors, tiles for anyone, each with the checkpoint last."""

from sigill.tlog.checkpoint import Checkpoint
from transparency.errors import LogCorrupt, LogUnknown
from transparency.publishing.plan import Content, public_content
from transparency.publishing.steps import PublishedLog, Step, offer
from transparency.publishing.target import Target
from transparency.reading import LogReader


def publish_log(
    reader: LogReader,
    target: Target,
    log_id: str,
    note: str,
    *,
    entries_target: Target | None = None,
    again: bool = False,
) -> PublishedLog:
    """Publish a log up to the checkpoint `note`, whose signatures are the caller's: for the root log cosigned ones.

    An operator's entries go to `entries_target` alone, and first: no reader sees a checkpoint whose entries auditors
    cannot have. With `again` every object is looked at, not only what is new, and mended.
    Raises TargetUnavailable; TargetWrong (the target holds what is not this log's, or does not keep what is written);
    LogCorrupt (the database contradicts itself: nothing of it is published); MalformedNote, LogUnknown,
    StoreUnavailable. After any of them publishing anew goes on where it ended.
    """
    offered = offer(note)
    _check_own(reader, log_id, offered.checkpoint)
    steps = [Step(reader, target, log_id, public_content(log_id), again)]
    if entries_target is not None and public_content(log_id) is Content.TILES:
        steps.insert(0, Step(reader, entries_target, log_id, Content.ENTRIES, again))
    done = [step.publish(offered) for step in steps]
    for step, each in zip(steps, done, strict=True):  # readers of the old checkpoint may be at it until now
        step.tidy(each)
    return PublishedLog(
        log_id=log_id,
        old_size=done[-1].old_size,
        size=done[-1].size,
        objects=sum(each.objects for each in done),
        written_bytes=sum(each.written_bytes for each in done),
        mended=tuple(name for each in done for name in each.mended),
        newer=done[-1].newer,
    )


def _check_own(reader: LogReader, log_id: str, checkpoint: Checkpoint) -> None:
    head = reader.head(log_id)
    if head is None:
        raise LogUnknown(f"no log {log_id[:80]!r}")
    if head.origin != checkpoint.origin or checkpoint.size > head.size:
        raise LogCorrupt(f"log {log_id}: the checkpoint to publish is not one of its own")
    if reader.root_at(log_id, checkpoint.size) != checkpoint.root:
        raise LogCorrupt(f"log {log_id}: the tiles do not lead to the root of the checkpoint to publish")
