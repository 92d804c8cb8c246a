"""The release page: a person reads the very text whose hash her passkey signs, and releases it.

It is open to whoever holds its address: there is nothing to read without what follows the `#`, which no server gets,
and nothing to do without the person's own passkey. The script (`release.js`) decrypts the text, works out anew every
hash up to the challenge from what it shows, and offers the button only if that is what will be signed.
"""

import json
from typing import Any, Final

from flask import Response

from registry.errors import OperatorNotFound
from registry.operators import load_operator
from registry.people.store import list_passkeys
from releases.errors import ReleaseExpired, ReleaseGiven, ReleaseNotFound, ReleasesError, ReleaseUsed
from releases.store import Release, load_release
from sigill.encoding.base64url import format_base64url
from sigill.errors import SigillError
from sigill.presence.statement import challenge_of, format_statement
from storage.engine import reading
from web.desk.door import Doors
from web.desk.frame import render_desk
from web.desk.notices import notice
from web.desk.surroundings import frame_of_request, words_of_request
from web.desk.world import DeskWorld

doors: Final = Doors()
_NOT_THERE: Final[dict[type[SigillError], str]] = {
    ReleaseExpired: "release.expired",
    ReleaseGiven: "release.given_before",
    ReleaseUsed: "release.given_before",
}
_TIMEOUT_MS: Final = 300_000
_SAID: Final = ("unproven", "no_key", "no_passkeys", "cancelled", "refused", "done", "nobody", "none")


@doors.page("/release/<string:release_id>", note="the address is a secret; the passkey decides")
def show_release(world: DeskWorld, release_id: str) -> Response:
    """Show what is to be released."""
    try:
        release, operator_name, passkey_ids = _load(world, release_id)
    except (ReleasesError, OperatorNotFound) as error:
        text = _NOT_THERE.get(type(error))
        return notice(world, 409 if text else 404, "release.title", text or "release.not_found")
    words = words_of_request()
    return render_desk(
        "desk/release.html",
        frame=frame_of_request(world, None),
        words=words,
        scripts=("release.js",),
        connect=True,
        operator=operator_name,
        channel=release.statement.ch.value,
        by=release.statement.by.value,
        data=json.dumps(_data(release, passkey_ids, world)),
        said=json.dumps({name: words.label(f"release.{name}") for name in _SAID}),
    )


def _load(world: DeskWorld, release_id: str) -> tuple[Release, str, list[tuple[str, list[str]]]]:
    """Return a release that can be given, its operator's name, and the passkeys that may. Raises ReleasesError."""
    with reading(world.engine) as connection:
        release = load_release(connection, release_id)
        if release.statement.person is None:
            raise ReleaseNotFound("an AI system releases by its key")
        if release.evidence is not None:
            raise ReleaseGiven("it was released already")
        if release.shown is None or world.now() >= release.expires_at:
            raise ReleaseExpired("the release is older than five minutes")
        operator = load_operator(connection, release.operator_id)
        found = list_passkeys(connection, release.statement.person)
    return release, operator.name, [(each.id, list(each.transports)) for each in found if each.revoked_at is None]


def _data(release: Release, passkeys: list[tuple[str, list[str]]], world: DeskWorld) -> dict[str, Any]:
    """Return what the script works with; all of it is either public or of no use without the address."""
    challenge = format_base64url(challenge_of(release.statement))
    allowed = [{"type": "public-key", "id": name, "transports": transports} for name, transports in passkeys]
    return {
        "id": release.id,
        "statement": format_statement(release.statement).decode("utf-8"),
        "shown": format_base64url(release.shown or b""),
        "options": {
            "challenge": challenge,
            "rpId": world.people.needed_party().id,
            "allowCredentials": allowed,
            "userVerification": "required",
            "timeout": _TIMEOUT_MS,
        },
    }
