"""A SoftHSM of a test's own: one token in a folder, which can be taken away and brought back."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pkcs11

MODULE: Final = Path("/usr/lib/softhsm/libsofthsm2.so").resolve()  # a library is loaded once, by one name
PIN: Final = "123456"
_SO_PIN: Final = "87654321"
_TOOL: Final = "softhsm2-util"


@dataclass(frozen=True, slots=True)
class SoftHsm:
    """The token `sigill`, its files in `folder`."""

    folder: Path

    @property
    def pin_file(self) -> Path:
        return self.folder / "pin"

    @property
    def settings(self) -> dict[str, str]:
        """What a service needs to be told, and the module."""
        return {
            "SIGILL_PKCS11_MODULE": str(MODULE),
            "SIGILL_PKCS11_PIN_FILE": str(self.pin_file),
            "SOFTHSM2_CONF": str(self.folder / "softhsm2.conf"),
        }

    def add_token(self, label: str) -> None:
        command = [_TOOL, "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", _SO_PIN]
        environment = os.environ | self.settings
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)

    def write_pin(self, pin: str) -> None:
        """Write the PIN's file anew, as another file."""
        draft = self.folder / "pin.new"
        draft.write_text(f"{pin}\n", "utf-8")
        draft.chmod(0o600)
        draft.replace(self.pin_file)

    def take_away(self) -> None:
        (self.folder / "tokens").rename(self.folder / "away")
        (self.folder / "tokens").mkdir()

    def bring_back(self) -> None:
        (self.folder / "tokens").rmdir()
        (self.folder / "away").rename(self.folder / "tokens")


@contextmanager
def soft_hsm(folder: Path) -> Iterator[SoftHsm]:
    """Make a token named `sigill` for this process and those it starts."""
    if shutil.which(_TOOL) is None:
        raise RuntimeError("SoftHSM is not installed: requirements/debian.txt")
    hsm = SoftHsm(folder)
    (folder / "tokens").mkdir(parents=True)
    conf = f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n"
    (folder / "softhsm2.conf").write_text(conf)
    hsm.write_pin(PIN)
    hsm.add_token("sigill")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = hsm.settings["SOFTHSM2_CONF"]  # the module reads it when it is initialised
    _let_go()
    try:
        yield hsm
    finally:
        _let_go()
        os.environ.pop("SOFTHSM2_CONF")
        if before is not None:
            os.environ["SOFTHSM2_CONF"] = before


def _let_go() -> None:
    """Let the module forget the token of an earlier test of this process."""
    pkcs11.lib(str(MODULE)).finalize()
