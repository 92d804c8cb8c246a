"""pymerkle, driven line by line: run by the Python of an environment of its own, which is thrown away afterwards.

    append 5000      appends so many entries; prints the CPU time of one in µs
    prove 500        proves so many random leaves; prints the CPU time of one in µs
    memory           prints the greatest resident size so far in MB

This program is the only one that knows pymerkle (GPL-3.0-or-later). Nothing of Sigill's imports it.
"""

import random
import resource
import sys
import time

from pymerkle import InmemoryTree


def main() -> None:
    """Answer each line of stdin with a number on a line."""
    tree = InmemoryTree(algorithm="sha256")
    chosen = random.Random(1)  # noqa: S311 - which leaves are asked for is no secret
    for line in sys.stdin:
        what, _, number = line.strip().partition(" ")
        count = int(number or 0)
        if what == "append":
            size = tree.get_size()
            entries = [b'{"h":"%043d","t":"seal","v":1}' % index for index in range(size, size + count)]
            begin = time.process_time()
            for entry in entries:
                tree.append_entry(entry)
            answer = (time.process_time() - begin) / count * 1e6
        elif what == "prove":
            size = tree.get_size()
            indices = [chosen.randrange(1, size + 1) for _ in range(count)]
            begin = time.process_time()
            for index in indices:
                tree.prove_inclusion(index, size)
            answer = (time.process_time() - begin) / count * 1e6
        else:
            answer = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
        print(answer, flush=True)


if __name__ == "__main__":
    main()
