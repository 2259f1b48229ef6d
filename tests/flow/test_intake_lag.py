#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Intake when dispatch falls behind: a connected one that is far behind holds back new whistles, but
never a P1; one that is gone holds back nothing; what was taken is dispatched afterwards."""
import json
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import runner  # noqa: E402
from cluster import Cluster  # noqa: E402

STREET = "990101002"
cluster = None


def raise_many(n, category="STREET_LIGHT", **options):
    line = json.dumps({"unit": STREET, "category": category, "title": "路灯不亮"}) + "\n"
    return cluster.whistle(STREET, "raise", "--file", "-", "--no-wait", stdin=line * n, **options)


def numbers(answers):
    return [a["number"] for a in answers if "number" in a]


def dispatched():
    return int(cluster.sql("SELECT count(*) FROM dispatch.whistle")[0][0])


def test_a_dispatch_far_behind_holds_back_all_but_p1():
    before = dispatched()
    taken = len(numbers(raise_many(20)))
    runner.until(lambda: dispatched() == before + taken)
    cluster.processes["dispatch"].send(signal.SIGSTOP)
    try:
        taken += len(numbers(raise_many(150)))
        held = cluster.whistle(STREET, "raise", "--unit", STREET, "--category", "STREET_LIGHT",
                               "--title", "路灯不亮", "--no-wait", "--timeout", "1", expect=3)
        assert numbers(held) == [], held
        p1 = numbers(raise_many(1, category="PIPE_BURST"))
        assert len(p1) == 1
        taken += 1
    finally:
        cluster.processes["dispatch"].send(signal.SIGCONT)
    runner.until(lambda: dispatched() == before + taken, seconds=20)
    assert len(numbers(raise_many(1))) == 1


def test_a_dead_dispatch_holds_back_nothing():
    before = dispatched()
    cluster.processes["dispatch"].kill()
    taken = len(numbers(raise_many(150)))
    assert taken == 150
    taken += len(numbers(raise_many(20)))
    cluster.start_service("dispatch")
    runner.until(lambda: dispatched() == before + taken, seconds=20)


if __name__ == "__main__":
    with Cluster(env={"WHISTLE_LAG_EVENTS": "100"}) as cluster:
        code = runner.main(globals())
    sys.exit(code)
