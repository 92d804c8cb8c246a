"""The guarantor's own side of a scene: it goes on sealing, its publisher makes rounds, and it is started again."""

from collections.abc import Mapping

from running.first_start import prepare
from running.guard import RolledBackLog
from running.publish import publish_now
from running.publisher import make_publisher
from settings import read_settings
from sigill.errors import SigillError
from tests.log_faults.columns import Names
from tests.log_faults.stage import Scene
from transparency.errors import TransparencyError
from transparency.publishing.opening import open_targets


def look_as_service(scene: Scene) -> Names:
    """Seal a message, make a round, publish, seal another, start anew; return all that is refused or reported."""
    names = [*_seal(scene), *_publish(scene), *_seal(scene), *_start(scene)]
    return tuple(dict.fromkeys(names))


def _seal(scene: Scene) -> Names:
    service = scene.open()
    service.keys["exempelbanken"] = scene.folder.joinpath("signer.key").read_text()
    response = service.sign()
    scene.close()
    return () if response.status_code == 201 else (f"{response.status_code} {_problem(response.get_json())}",)


def _problem(body: Mapping[str, str]) -> str:
    return body["type"].rpartition("/")[2]


def _publish(scene: Scene) -> Names:
    services = scene.open().services
    try:
        done = make_publisher(services).run()
        names = [finding.fault.value for finding in done.findings]
        names += ["declined: " + _brief(why) for why in done.declined.values()]
        names += [] if done.kept is None or done.kept.quorum else ["no quorum"]
        targets = open_targets(read_settings(scene.environment).publishing)
        assert targets is not None
        failed = publish_now(services, targets).failed
        names += ["not published"] * bool(failed)
    except (TransparencyError, SigillError) as error:
        names = [type(error).__name__]
    scene.close()
    return tuple(names)


def _brief(why: str) -> str:
    """Return the beginning of a reason, without addresses."""
    for word in ("no answer in time", "in trouble or busy", "no witness", "does not hold"):
        if word in why:
            return word
    return why


def _start(scene: Scene) -> Names:
    try:
        prepare(read_settings(scene.environment))
    except RolledBackLog:
        return ("does not start",)
    return ()
