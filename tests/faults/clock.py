"""A wall clock that steps while the service runs: `clock_step.c`, compiled once and preloaded into its processes."""

import shutil
import struct
import subprocess
from pathlib import Path
from typing import Final

from tests.faults.possible import NotPossible

HOUR_S: Final = 3600
AT_START_S: Final = -12 * HOUR_S
_STEPS_S: Final = (-5 * HOUR_S, -11 * HOUR_S, -2 * HOUR_S, -8 * HOUR_S)
_SOURCE: Final = Path(__file__).with_name("clock_step.c")
_OFFSET: Final = struct.Struct("=q")


class SteppingClock:
    """The offset of the service's wall clock, kept in a file that its processes map. Starts at AT_START_S."""

    def __init__(self, folder: Path) -> None:
        self._library = folder / "clock_step.so"
        self._file = folder / "clock"
        self.set(AT_START_S)

    def environment(self) -> dict[str, str]:
        """Compile, and return what makes a process and all below it use this clock. Raises NotPossible."""
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None:
            raise NotPossible("there is no C compiler (Debian: gcc, libc6-dev)")
        options = ["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
        command = [compiler, *options, "-o", str(self._library), str(_SOURCE), "-ldl"]
        compiled = subprocess.run(command, check=False, capture_output=True, text=True)
        if compiled.returncode:
            raise NotPossible(f"the clock does not compile: {compiled.stderr.strip()[:200]}")
        return {"LD_PRELOAD": str(self._library), "CLOCK_STEP_FILE": str(self._file)}

    def set(self, offset_s: int) -> None:
        """Let the clock stand so many seconds off, at once."""
        with self._file.open("r+b" if self._file.exists() else "wb", buffering=0) as file:
            file.write(_OFFSET.pack(offset_s))


class ClockSteps:
    """The clock jumps by hours, forward and back: each strike in the other direction."""

    name = "clock steps"

    def __init__(self, clock: SteppingClock) -> None:
        self._clock = clock
        self._steps = 0

    def strike(self) -> None:
        """Jump. Never to before the start: no key would be valid then."""
        self._clock.set(_STEPS_S[self._steps % len(_STEPS_S)])
        self._steps += 1

    def heal(self) -> None:
        """Leave the clock where it is: the next strike moves it, and the last step leaves it behind."""
