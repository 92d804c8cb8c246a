"""Every part of the desk, in the order of its menu, and the doors that stand open to who is not signed in.

A part is one module with its `pages`; it joins here with one line.
"""

from typing import Final

from web.desk import appeal, passkeys, queue, release, sign_in, start
from web.desk.door import Door
from web.desk.parts import Desk

PARTS: Final[tuple[Desk, ...]] = (
    start.pages,
    queue.pages,
    appeal.pages,
    passkeys.pages,
)

DOORS: Final[tuple[Door, ...]] = (*sign_in.doors.doors, *release.doors.doors)
