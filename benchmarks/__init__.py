"""Measuring the service: programs that start real servers, and small parts that turn samples into tables.

    make bench                  everything, about ten minutes; QUICK=1: about two
    python -m benchmarks        the same
    python -m benchmarks.over_http --only empty,sigill --seconds 3 --rounds 3
    python -m benchmarks.over_http --load batch --only handwritten,sigill
    python -m benchmarks.in_process
    python -m benchmarks.appending
    python -m benchmarks.steps

Nothing here is a test and nothing fails for being slow: machines are noisy, and only ratios inside one run mean much.
"""
