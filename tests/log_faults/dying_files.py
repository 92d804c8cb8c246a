"""A publication that dies (as by kill -9) after so many objects: python -m tests.log_faults.dying_files COUNT.

Settings from the environment. Exit code 9: it died; 0: there was no more to write.
"""

import os
import sys
from typing import Any

from running.publish import main as publish
from transparency.publishing.folder import FolderTarget

DIED = 9


def main(count: int) -> int:
    """Publish, and die when `count` objects are written."""
    written = [0]

    def counted(write: Any) -> Any:
        def last(*given: Any, **named: Any) -> Any:
            if written[0] == count:
                os._exit(DIED)
            written[0] += 1
            return write(*given, **named)

        return last

    target: Any = FolderTarget
    target.put = counted(target.put)
    target.swap = counted(target.swap)
    return publish(["--once"])


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
