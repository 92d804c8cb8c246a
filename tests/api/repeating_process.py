"""A process of its own: posts one message with one key so many times, from two threads, and tells what it got."""

import json
import os
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, os.getcwd())  # noqa: PTH109 - the repository's root

from settings import read_settings
from wiring import build_app, build_services

BODY = b'{"authorship":"human","channel":"chat","enquiry":"informational","text":"Hej!","conversation":"c","agent":"7"}'


def main(folder: str, api_key: str, count: str) -> None:
    services = build_services(read_settings({"VAR": str(Path(folder) / "var")}))
    app = build_app(services)
    headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json", "Idempotency-Key": "one"}
    bodies: list[bytes] = []
    firsts: list[bool] = []

    def work() -> None:
        while len(bodies) < int(count):
            response = app.test_client().post("/v1/messages", data=BODY, headers=headers, buffered=True)
            if response.status_code == 409:  # another thread of this process works on it
                time.sleep(0.002)
                continue
            assert response.status_code == 201, response.data
            bodies.append(response.data)
            firsts.append("Idempotency-Replayed" not in response.headers)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    head = services.log.head("exempelbanken")
    told = {
        "answers": len(bodies[: int(count)]),
        "bodies": sorted({body.decode() for body in bodies}),
        "first": sum(firsts),
        "size": None if head is None else head.size,
    }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
