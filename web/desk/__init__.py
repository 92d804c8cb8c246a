"""The desk: where registrars and operators' own people work, signed in. `parts.py` says how a part adds its pages."""

from web.desk.blueprint import make_desk
from web.desk.world import DeskWorld

__all__ = ["DeskWorld", "make_desk"]
