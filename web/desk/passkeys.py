"""My passkeys: which there are, what they are called, and taking one away."""

from typing import Final

from flask import Response

from registry.people.staff import rename_passkey, revoke_passkey_logged
from registry.people.store import list_passkeys
from storage.engine import reading
from web.desk.parts import EVERYONE, Desk
from web.desk.request import DeskRequest

pages: Final = Desk("passkeys")


@pages.page("/passkeys", roles=EVERYONE, navigation="passkeys.title")
def passkeys(request: DeskRequest) -> Response:
    """List the passkeys of whoever asks, those that were revoked last."""
    with reading(request.world.engine) as connection:
        found = list_passkeys(connection, request.person.id)
    ordered = sorted(found, key=lambda each: each.revoked_at is not None)
    left = sum(each.revoked_at is None for each in found)
    return request.render("desk/passkeys.html", passkeys=ordered, left=left)


@pages.action("/passkeys/name", roles=EVERYONE, shows=passkeys)
def rename(request: DeskRequest) -> Response:
    """Call a passkey something else."""
    passkey, name = request.form["passkey"], request.form["name"]
    rename_passkey(request.person, passkey, name, world=request.world.people)
    return request.go("/passkeys", said="passkeys.renamed")


@pages.action("/passkeys/revocation", roles=EVERYONE, shows=passkeys, recent=True)
def revoke(request: DeskRequest) -> Response:
    """Take a passkey away, for good. Whoever signed in with it is out."""
    passkey = request.form["passkey"]
    revoke_passkey_logged(request.person, passkey, by=request.by, world=request.world.people)
    return request.go("/passkeys", said="passkeys.is_revoked")
