"""The world of the running app: put there once by `make_api`, read by the views."""

from typing import cast

from flask import current_app

from api.world import ApiWorld

EXTENSION = "sigill"


def world() -> ApiWorld:
    """Return the world this app was made with."""
    return cast("ApiWorld", current_app.extensions[EXTENSION])
