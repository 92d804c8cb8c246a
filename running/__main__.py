"""`python -m running`: prepare the data folder, then keep the web server, the worker and the publisher running.

What `make run` and the image start. Settings come from the environment (see `settings`). `python -m running web` is
the web server alone, over a folder that is prepared: it is what the supervisor starts.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from sqlalchemy.exc import SQLAlchemyError

from running.alone import NotAlone, alone_in, check_port_is_free
from running.first_start import prepare
from running.guard import RolledBackLog
from running.metrics_files import open_folder
from running.supervise import Child, supervise
from settings import Settings, SettingsInvalid, read_settings
from sigill.errors import SigillError
from wiring import build_services

_GUNICORN: Final = (sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py")


Become: TypeAlias = Callable[[str, tuple[str, ...], Mapping[str, str]], None]


def main(arguments: Sequence[str] = (), *, become: Become = os.execve) -> int:
    """Run until SIGTERM or SIGINT; return the process's exit code. With `web`, `become` the web server."""
    if list(arguments) not in ([], ["web"]):
        sys.stderr.write("python -m running takes no argument but web\n")
        return 2
    os.umask(0o077)
    try:
        settings = read_settings(os.environ)
        if arguments:
            build_services(settings).engine.dispose()  # gunicorn would tell in tracebacks what does not load
            environment = dict(os.environ)
            open_folder(environment, var=settings.var)
            become(sys.executable, _GUNICORN, environment)
            return 0
        check_port_is_free(settings.bind)
        with alone_in(settings.var):
            sys.stdout.write(prepare(settings))
            sys.stdout.flush()
            return supervise(children_of(settings))
    except (SettingsInvalid, NotAlone, RolledBackLog, SigillError) as error:
        said = str(error)
    except SQLAlchemyError as error:
        said = f"the database cannot be used: {getattr(error, 'orig', None) or type(error).__name__}"
    except OSError as error:
        said = f"{error.filename or 'something'} cannot be used: {error.strerror}"
    sys.stderr.write(f"Sigill cannot start: {said}\n")
    return 2


def children_of(settings: Settings) -> list[Child]:
    """Return the processes of one machine: the web server, the worker and the root log's publisher."""
    environment = {"VAR": str(settings.var), "SIGILL_BIND": settings.bind, "SIGILL_PUBLIC_URL": settings.public_url}
    return [
        Child("web", (sys.executable, "-m", "running", "web"), environment),
        Child("worker", (sys.executable, "-m", "running.worker"), environment),
        Child("publisher", (sys.executable, "-m", "running.publisher"), environment),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
