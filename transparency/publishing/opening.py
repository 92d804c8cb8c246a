"""From a setting to a target."""

from settings.publishing import Folder, Place, Publishing
from transparency.publishing.everything import Targets
from transparency.publishing.folder import FolderTarget
from transparency.publishing.target import Target


def open_targets(publishing: Publishing) -> Targets | None:
    """Return the targets that the settings name, or None: nothing is published. Raises TargetUnavailable."""
    if publishing.public is None:
        return None
    entries = publishing.entries
    return Targets(
        _open_target(publishing.public, private=False),
        None if entries is None else _open_target(entries, private=True),
    )


def _open_target(place: Place, *, private: bool) -> Target:
    if isinstance(place, Folder):
        return FolderTarget(place.path, private=private)
    from transparency.publishing.bucket import BucketTarget  # noqa: PLC0415 - boto3 takes 20 MB, and few need it

    return BucketTarget(place)
