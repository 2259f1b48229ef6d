#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a backup costs those who work meanwhile: whistles acknowledged a second by one street that sends
batches of 100, for 10 s without a backup and then over whole backups, one after the other; the longest
wait for a batch in both.

    tests/bench/backup.py [--whistles N] [--json]
"""
import argparse
import json
import os
import sys
import time

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path += [os.path.join(TESTS, "support"), os.path.join(TESTS, "flow")]
import test_backup as flow  # noqa: E402
from cluster import Cluster  # noqa: E402


def longest(raising, begin, end):
    times = [at for at, _ in raising.numbers if begin <= at < end]
    return max((b - a for a, b in zip(times, times[1:])), default=0)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--whistles", type=int, default=20000, help="that are there before")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with Cluster() as flow.cluster:
        for name in ("whistle", "whistle-intake", "whistle-dispatch"):
            flow.cluster.bin(name)
        with flow.Raising(1000, 0) as filling:
            while len(filling.numbers) < asked.whistles and not filling.errors:
                time.sleep(0.1)
        with flow.Raising(100, 0) as raising:
            time.sleep(1)
            plain = time.monotonic()
            time.sleep(10)
            begin = time.monotonic()
            took = []
            while time.monotonic() - begin < 10:
                took.append(json.loads(flow.deploy("backup", "--json")[0]))
            end = time.monotonic()
        found = flow.drill(took[-1]["backup"])
        figures = {
            "whistles": len(filling.numbers) + len(raising.numbers), "bytes": took[-1]["bytes"],
            "backup_s": round((end - begin) / len(took), 1), "drill_s": found["seconds"],
            "drill_good": found["good"],
            "plain_per_s": round(raising.rate(plain, begin)), "backup_per_s": round(raising.rate(begin, end)),
            "plain_longest_s": round(longest(raising, plain, begin), 3),
            "backup_longest_s": round(longest(raising, begin, end), 3)}
    if asked.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:18} {value}")
    return 0 if found["good"] and not raising.errors else 1


if __name__ == "__main__":
    sys.exit(main())
