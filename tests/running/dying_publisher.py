"""A publisher that dies (as by kill -9: nothing is tidied up) at one step of its round.

python -m tests.running.dying_publisher STEP      # one of STEPS; VAR and the other settings from the environment
"""

import os
import sys
from collections.abc import Callable
from typing import Any, Final

from running import publisher as publishing
from settings import read_settings
from transparency import publisher as rounds
from transparency.witnessing import Witnesses
from wiring import build_services

DIED: Final = 9
STEPS: Final = (
    "before the heads",
    "after the heads",
    "before the witnesses",
    "after the first witness",
    "after the witnesses",
    "after the checkpoint is kept",
    "after it is seen",
)


def main(step: str) -> int:
    """Make one round, and die on the way."""
    services = build_services(read_settings(os.environ))
    made: Any = publishing.make_publisher(services)
    log: Any = services.log
    match step:
        case "before the heads":
            log.append_all = _dying
        case "after the heads":
            log.append_all = _then_dying(log.append_all)
        case "before the witnesses":
            Witnesses.cosign = _dying  # type: ignore[method-assign]
        case "after the first witness":
            for witness in made.witnesses._asked.values():
                type(witness).add = _then_dying(type(witness).add)
        case "after the witnesses":
            Witnesses.cosign = _then_dying(Witnesses.cosign)  # type: ignore[method-assign]
        case "after the checkpoint is kept":
            vars(rounds)["save_checkpoint"] = _then_dying(vars(rounds)["save_checkpoint"])
        case "after it is seen":
            vars(publishing)["keep_seen"] = _then_dying(vars(publishing)["keep_seen"])
        case _:
            raise ValueError(step)
    publishing.publish_once(made, services)
    return 0


def _dying(*_: Any, **__: Any) -> Any:
    os._exit(DIED)


def _then_dying(step: Callable[..., Any]) -> Callable[..., Any]:
    def last(*given: Any, **named: Any) -> Any:
        step(*given, **named)
        os._exit(DIED)

    return last


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
