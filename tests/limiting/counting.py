"""python -m tests.limiting.counting TABLE HITS LIMIT [URL]: hit one quota and print how often it was let through."""

import sys
from pathlib import Path

from limiting.counters import Counters, open_server
from limiting.errors import LimitReached
from limiting.limiter import Limiter, Subjects
from limiting.quotas import Quota
from limiting.table import TableStorage
from tests.builders_limits import Watcher


def main() -> None:
    table, hits, amount, *url = sys.argv[1:]
    counters = Counters(TableStorage(Path(table)), server=open_server(url[0]) if url else None, observer=Watcher())
    quota = Quota("sign", int(amount), 60)
    limiter = Limiter({"sign": quota}, counters=counters, subjects=Subjects(b"s" * 32), now_s=lambda: 1_000_000_000.0)
    passed = 0
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for _ in range(int(hits)):
        try:
            limiter.take("sign", "somebody")
        except LimitReached:
            continue
        passed += 1
    sys.stdout.write(f"{passed}\n")


if __name__ == "__main__":
    main()
