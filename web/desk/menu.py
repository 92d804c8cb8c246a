"""Every part of the desk, in the order of its menu, and the doors that stand open to who is not signed in.

A part is one module with its `pages`; it joins here with one line.
"""

from typing import Final

from web.desk import (
    ai_systems,
    alarms,
    appeal,
    contacts,
    enrol,
    mandates,
    oversight,
    passkeys,
    programs,
    provider,
    queue,
    release,
    sending,
    sign_in,
    staff,
    standing,
    start,
)
from web.desk.door import Door
from web.desk.parts import Desk

PARTS: Final[tuple[Desk, ...]] = (
    start.pages,
    queue.pages,
    oversight.pages,
    alarms.pages,
    contacts.pages,
    standing.pages,
    appeal.pages,
    sending.pages,
    ai_systems.pages,
    programs.pages,
    mandates.pages,
    staff.pages,
    passkeys.pages,
)

DOORS: Final[tuple[Door, ...]] = (
    *sign_in.doors.doors,
    *enrol.doors.doors,
    *provider.doors.doors,
    *release.doors.doors,
)
