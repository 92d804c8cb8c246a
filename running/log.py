"""What the web server writes of its own: never anything a client sent.

Requests carry messages, codes and telephone numbers, in bodies, in paths and after question marks. gunicorn repeats a
malformed request line or header, and the address of a request that failed, in its error log; here it does not.
"""

from typing import Any

from gunicorn.glogging import Logger


class DiscreetLogger(Logger):  # type: ignore[misc]  # gunicorn brings no types
    """gunicorn's logger without the parts of a message that come from a request."""

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (the overridden signature)
        """Log a warning; of a malformed request, only that there was one."""
        if str(msg).startswith("Invalid request from"):
            super().warning("A malformed request was refused")
        else:
            super().warning(msg, *args, **kwargs)

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (the overridden signature)
        """Log an exception; of a request that failed, only the traceback."""
        if str(msg).startswith("Error handling request"):
            super().exception("Error handling request", **kwargs)
        else:
            super().exception(msg, *args, **kwargs)
