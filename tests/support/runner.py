# SPDX-License-Identifier: Apache-2.0
"""Runs the test_* functions of a file and closes with the one line that counts.

A file ends with `sys.exit(runner.main(globals()))`. Names on the command line choose tests. A test
passes if it returns; Skip says what this machine cannot do, and is not counted; AssertionError and
everything else fails it, with its traceback.
"""
import sys
import time
import traceback


class Skip(Exception):
    """raise Skip("why")"""


def main(names, argv=None):
    wanted = set((sys.argv if argv is None else argv)[1:])
    tests = {k: v for k, v in names.items() if k.startswith("test_") and callable(v)}
    unknown = wanted - set(tests)
    if unknown:
        print("unknown tests:", *sorted(unknown), file=sys.stderr)
        return 2
    passed = failed = 0
    for name, test in tests.items():
        if wanted and name not in wanted:
            continue
        began = time.monotonic()
        try:
            test()
            passed += 1
            print(f"ok   {name} ({time.monotonic() - began:.1f} s)", flush=True)
        except Skip as why:
            print(f"skipped: {name}: {why}", flush=True)
        except Exception:
            failed += 1
            traceback.print_exc(file=sys.stdout)
            print(f"FAIL {name} ({time.monotonic() - began:.1f} s)", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def until(what, seconds=10, every=0.02):
    """Waits for a condition of another process; its value when true."""
    deadline = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(every)
