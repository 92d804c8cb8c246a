"""Bodies that come in chunks: what stops being HTTP on the way is told as a broken connection, and answered 400."""

from typing import IO, TYPE_CHECKING, Any

from gunicorn.http.errors import ParseException

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class ChunkedBody:
    """A body as gunicorn reads it, whose errors are those that werkzeug expects of a body: OSError."""

    def __init__(self, body: IO[bytes]) -> None:
        self._body = body

    def read(self, size: int = -1) -> bytes:
        """Return at most `size` bytes; none at the end. Raises OSError."""
        try:
            return self._body.read(size)
        except ParseException as error:  # a chunk without its size, a trailer that is no header
            raise OSError(type(error).__name__) from None


def expect_broken_chunks(app: "WSGIApplication") -> "WSGIApplication":
    """Return the application, safe from bodies whose chunks are none."""

    def guarded(environ: "WSGIEnvironment", start_response: "StartResponse") -> Any:  # noqa: ANN401 - as the app's own
        if "HTTP_TRANSFER_ENCODING" in environ:
            environ["wsgi.input"] = ChunkedBody(environ["wsgi.input"])
        return app(environ, start_response)

    return guarded
