"""An honest deployment with its two witnesses and everybody who watches it, and copies of it to do harm to.

The base is made once: a bank whose messages are sealed by the real service, two `sigill witness serve` processes, the
logs published into folders, and an auditor, a monitor and a customer who have seen it in order. Each fault gets a copy.
"""

import io
import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from registry.model import OperatorId, Role
from running.admin import main as admin
from running.publish import main as publish
from sigill.report.trust import format_trust
from tests.builders_deployment import TEXT, Deployment
from tests.builders_witness import Witness
from tests.running.test_publisher import Watched, watched

BANK: Final = "exempelbanken"
EARLIER: Final = 280  # leaves at the first head: more than a tile is wide
HELD_INDEX: Final = EARLIER
LATER: Final = 20
ERASED_INDEX: Final = HELD_INDEX + LATER + 1
REFUSED_INDEX: Final = ERASED_INDEX + 1
RECORD_INDEX: Final = REFUSED_INDEX + 1
SIZE: Final = RECORD_INDEX + 1
_NAMES: Final = ("w1", "w2")


@dataclass
class Scene(Watched):
    """A deployment in a folder of its own; its witnesses run as long as the scene is open.

    `served` tells where others look: at the service over HTTP, or at the folders that it publishes into.
    """

    served: bool = True
    shown: str = "published"

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {
            "SIGILL_PUBLISH_TO": str(self.public),
            "SIGILL_PUBLISH_ENTRIES_TO": str(self.private),
        }

    @property
    def public(self) -> Path:
        return self.folder / self.shown

    @property
    def private(self) -> Path:
        return self.folder / f"{self.shown}-entries"

    @property
    def earlier(self) -> Path:
        """The data folder as it was at the first head."""
        return self.folder / "earlier"

    def file(self, name: str) -> str:
        """Return the path of what an observer holds: trust.json, auditor.key, seal, message, receipt …"""
        return str(self.folder / name)

    def seal_many(self, count: int) -> None:
        """Seal so many messages in one batch."""
        made = self.open()
        made.keys[BANK] = (self.folder / "signer.key").read_text()
        body = {"authorship": "human", "channel": "chat", "enquiry": "informational"}
        messages = [body | {"text": f"Hej {number}!"} for number in range(count)]
        answer = made.client.post("/v1/messages/batch", json={"messages": messages}, headers=_bearer(made))
        results = answer.get_json()["results"]
        assert {each["status"] for each in results} == {201}
        self.close()

    def ask_instead(self, url: str) -> None:
        """Have the second witness asked at another address."""
        policy = self.folder / "policy"
        policy.write_text(policy.read_text().replace(self.witnesses[1].url, url))

    def need_one(self) -> None:
        """Let one of the two witnesses be enough."""
        policy = self.folder / "policy"
        policy.write_text(policy.read_text().replace("both all", "either any").replace("quorum both", "quorum either"))

    def publish_files(self) -> None:
        """Publish the logs into the scene's folders."""
        with redirect_stdout(io.StringIO()):
            assert publish(["--once"], self.environment) == 0

    def change_file(self, name: str, *, at: int = 5, private: bool = False) -> None:
        """Flip one bit of the byte at `at` of a published file."""
        flip_file((self.private if private else self.public) / name, at=at)

    def back_to_earlier(self) -> None:
        """Bring back the database as it was at the first head; the keys are the same."""
        self.close()
        shutil.rmtree(self.var)
        shutil.copytree(self.earlier, self.var)


def flip_file(path: Path, *, at: int) -> None:
    """Flip the lowest bit of one byte."""
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 1
    path.write_bytes(bytes(data))


@contextmanager
def base_scene(folder: Path, remember: Callable[[Scene], None]) -> Iterator[Scene]:
    """Make the base and let everybody look at it (`remember`); its witnesses have stopped when it is given."""
    with watched(folder) as made:
        scene = Scene(folder, made.witnesses)
        _live(scene)
        remember(scene)
        for witness in scene.witnesses:
            witness.stop()
        yield scene


def _live(scene: Scene) -> None:
    service = scene.open()
    operator = OperatorId(BANK)
    for name, role in (("signer", Role.SIGNER), ("auditor", Role.AUDITOR)):
        scene_key = service.new_key(role=role, operator_id=operator)
        (scene.folder / f"{name}.key").write_text(scene_key)
    scene.close()
    scene.seal_many(EARLIER)
    scene.publish()
    shutil.copytree(scene.var, scene.earlier)
    shutil.copytree(scene.folder / "w2", scene.folder / "earlier-w2")
    service = scene.open()
    service.keys[BANK] = (scene.folder / "signer.key").read_text()
    sealed = service.sign().get_json()
    scene.publish()
    _hold(scene, scene.open(), sealed)
    scene.close()
    scene.seal_many(LATER)
    _erase_one(scene)
    scene.publish()
    scene.publish_files()


def _hold(scene: Scene, service: Deployment, sealed: dict[str, Any]) -> None:
    """Keep what a customer has of a message, and the trust file of a day when all was well."""
    for name, text in (
        ("seal", sealed["seal"]),
        ("message", TEXT),
        ("receipt", service.services.log.whole_receipt(BANK, HELD_INDEX).text),
        ("trust.json", json.dumps(format_trust(service.services.trust()))),
    ):
        (scene.folder / name).write_text(text)


def _erase_one(scene: Scene) -> None:
    """Have a message refused, and another erased as the law may ask for it: records of both, and a tombstone."""
    service = scene.open()
    service.keys[BANK] = (scene.folder / "signer.key").read_text()
    erased = service.sign().get_json()
    (scene.folder / "erased").write_text(erased["seal"].partition("~")[0])
    assert service.sign(authorship="ai", enquiry="complaint").status_code == 403
    scene.close()
    order = ["erase", BANK, erased["id"], "--ground", "authority_order", "--requester", "T 1234-26"]
    with redirect_stdout(io.StringIO()):
        assert admin(order, scene.environment) == 0


@contextmanager
def copied(base: Scene, folder: Path) -> Iterator[Scene]:
    """Yield a copy of the base with its witnesses running, and take it away afterwards."""
    shutil.copytree(base.folder, folder)
    witnesses = [
        Witness(folder / name, each.name, each.vkeys, port=each.port)
        for name, each in zip(_NAMES, base.witnesses, strict=True)
    ]
    scene = Scene(folder, (witnesses[0], witnesses[1]))
    try:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(Witness.start, witnesses))
        yield scene
    finally:
        scene.close()
        for witness in witnesses:
            if witness.process is not None and witness.process.poll() is None:
                witness.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _bearer(made: Deployment) -> dict[str, str]:
    return {"Authorization": f"Bearer {made.keys[BANK]}"}
