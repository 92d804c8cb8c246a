"""What the web server writes of its own: never anything a client sent.

Requests carry messages, codes and telephone numbers, in bodies, in paths and after question marks. gunicorn repeats a
malformed request line or header, and the address of a request that failed, in its error log; here it does not.
"""

import sys
from typing import Any

from gunicorn.glogging import Logger

from settings.discretion import where_raised


class DiscreetLogger(Logger):  # type: ignore[misc]  # gunicorn brings no types
    """gunicorn's logger without the parts of a message that come from a request."""

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (the overridden signature)
        """Log a warning; of a malformed request, only that there was one."""
        if str(msg).startswith("Invalid request from"):
            super().warning("A malformed request was refused")
        else:
            super().warning(msg, *args, **kwargs)

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (the overridden signature)
        """Log an exception; of a request that failed, only where."""
        error = sys.exc_info()[1]
        if str(msg).startswith("Error handling request") and error is not None:
            super().error("Error handling request\n%s", where_raised(error))
        else:
            super().exception(msg, *args, **kwargs)
