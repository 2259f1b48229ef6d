#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Intake when who comes behind it falls behind: a connected dedup that is far behind holds back new
whistles, but never a P1; one that is gone holds back nothing; what was taken is dispatched afterwards,
P1 first, whoever of dedup and dispatch was away."""
import json
import os
import signal
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import distinct  # noqa: E402
import runner  # noqa: E402
from cluster import Cluster  # noqa: E402

STREET = "990101002"
cluster = None


def raise_many(n, category="STREET_LIGHT", **options):
    lines = [json.dumps(distinct.apart({"unit": STREET, "category": category, "title": "路灯不亮"})) + "\n"
             for _ in range(n)]
    return cluster.whistle(STREET, "raise", "--file", "-", "--no-wait", stdin="".join(lines), **options)


def numbers(answers):
    return [a["number"] for a in answers if "number" in a]


def whistles():
    return int(cluster.sql("SELECT count(*) FROM intake.whistle")[0][0])


def dispatched():
    return int(cluster.sql("SELECT count(*) FROM dispatch.whistle")[0][0])


def test_a_dedup_far_behind_holds_back_all_but_p1():
    before = dispatched()
    taken = len(numbers(raise_many(20)))
    runner.until(lambda: dispatched() == before + taken)
    cluster.processes["dedup"].send(signal.SIGSTOP)
    try:
        taken += len(numbers(raise_many(150)))
        held = cluster.whistle(STREET, "raise", "--unit", STREET, "--category", "STREET_LIGHT",
                               "--title", "路灯不亮", "--no-wait", "--timeout", "1", expect=3)
        assert numbers(held) == [], held
        p1 = numbers(raise_many(1, category="PIPE_BURST"))
        assert len(p1) == 1
        taken += 1
    finally:
        cluster.processes["dedup"].send(signal.SIGCONT)
    runner.until(lambda: dispatched() == before + taken, seconds=20)
    assert len(numbers(raise_many(1))) == 1


def test_a_dispatch_far_behind_makes_dedup_wait_and_is_felt_at_the_door():
    runner.until(lambda: dispatched() == whistles())
    taken, told = whistles(), []
    paused = 'whistle_follows_paused{service="dedup"}'
    busy = 'whistle_busy_total{service="intake",at="door",reason="busy.lag"}'
    before = cluster.metrics("intake").get(busy, 0)
    cluster.processes["dispatch"].send(signal.SIGSTOP)
    raising = threading.Thread(target=lambda: told.extend(numbers(raise_many(600))))
    raising.start()
    try:
        runner.until(lambda: cluster.metrics("dedup")[paused] == 1)
        runner.until(lambda: cluster.metrics("intake").get(busy, 0) > before)
        assert len(numbers(raise_many(1, category="PIPE_BURST"))) == 1
    finally:
        cluster.processes["dispatch"].send(signal.SIGCONT)
        raising.join()
    assert len(told) == 600, "held back, not sent away"
    runner.until(lambda: dispatched() == taken + 601, seconds=30)
    assert cluster.metrics("dedup")[paused] == 0


def test_who_is_dead_holds_back_nothing():
    for name in ("dedup", "dispatch"):
        runner.until(lambda: dispatched() == whistles())
        before = dispatched()
        cluster.processes[name].kill()
        taken = len(numbers(raise_many(150)))
        assert taken == 150
        taken += len(numbers(raise_many(20)))
        cluster.start_service(name)
        runner.until(lambda: dispatched() == before + taken, seconds=20)


def p1_in_the_journal():
    """Of the youngest whistle's dispatch: how many others stand before and behind it, how many of it,
    and under which version of the district."""
    row = cluster.sql(
        "WITH d AS (SELECT seq, object FROM dispatch.journal WHERE kind = 3), y AS (SELECT min(seq) AS seq, "
        "count(*) AS n, object FROM d WHERE object = (SELECT max(id) FROM intake.whistle) GROUP BY object) "
        "SELECT count(*) FILTER (WHERE d.seq < y.seq), count(*) FILTER (WHERE d.seq > y.seq), max(y.n), "
        "(SELECT routing_version FROM dispatch.whistle w WHERE w.id = max(y.object)) FROM d, y")[0]
    return [int(x) for x in row]


def test_a_p1_overtakes_what_waits():
    before = dispatched()
    cluster.processes["dispatch"].kill()
    taken = len(numbers(raise_many(3000)))
    assert len(numbers(raise_many(1, category="PIPE_BURST"))) == 1
    cluster.start_service("dispatch")
    runner.until(lambda: dispatched() == before + taken + 1, seconds=30)
    ahead, behind, times, _ = p1_in_the_journal()
    assert times == 1 and ahead - before < 1500 < behind, (before, ahead, behind, times)


def test_a_p1_does_not_overtake_its_district():
    before = dispatched()
    cluster.processes["dispatch"].kill()
    taken = len(numbers(raise_many(1000)))
    with open(cluster.district) as file:
        data = json.load(file)
    data["calendar"]["work_hours"] = [["08:00", "17:00"]]
    with open(cluster.dir + "/other.json", "w") as file:
        json.dump(data, file, ensure_ascii=False)
    cluster.whistle("OPERATOR", "import", cluster.dir + "/other.json", "--apply")
    assert len(numbers(raise_many(1, category="PIPE_BURST"))) == 1
    cluster.start_service("dispatch")
    runner.until(lambda: dispatched() == before + taken + 1, seconds=30)
    version = int(cluster.sql("SELECT max(version) FROM intake.district")[0][0])
    assert version > 1 and p1_in_the_journal()[3] == version


if __name__ == "__main__":
    with Cluster(env={"WHISTLE_LAG_EVENTS": "100"}) as cluster:
        code = runner.main(globals())
    sys.exit(code)
