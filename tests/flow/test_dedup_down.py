#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Dedup is down, frozen, or cannot store a whistle: whistles wait safely, a P1 goes out unchecked when its
time is up, and what dedup says of it later changes nothing that it should not: "new" nothing at all, "the
same as V" withdraws the tasks that nobody has signed and never fans V out again."""
import os
import random
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import runner  # noqa: E402
from cluster import Cluster  # noqa: E402

STREET, LEAD = "990101002", "GASCO"
UNCHECKED_S = 2
DISPATCHED = 3
cluster = None


words = random.Random(20261124)


def matter():
    """Words that no other matter has."""
    return "".join(chr(words.randrange(0x4e00, 0x9f00)) for _ in range(24))


def gas(what):
    """A P1."""
    return cluster.whistle(STREET, "raise", "--category", "GAS_LEAK", "--title", what[:12], "--text",
                           what, "--address", what[:4], "--answer", "smell_where=楼道",
                           "--no-wait")[0]["number"]


def light(what):
    """A whistle that is none."""
    return cluster.whistle(STREET, "raise", "--category", "STREET_LIGHT", "--title", what[:12],
                           "--text", what, "--address", what[:4], "--no-wait")[0]["number"]


def show(number):
    told = cluster.whistle(STREET, "show", number, expect=None)[0]
    return None if "error" in told else told


def tasks(number):
    return {task["department"]: task for task in show(number)["tasks"]}


def object_of(number):
    _, day, n = number.split("-")
    return int(day) * 10**7 + int(n)


def fan_outs(number):
    return int(cluster.sql("SELECT count(*) FROM dispatch.journal WHERE "
                           f"kind = {DISPATCHED} AND object = {object_of(number)}")[0][0])


def rows_of(number):
    """All that dispatch ever said of it."""
    return cluster.sql("SELECT seq, kind FROM dispatch.journal WHERE "
                       f"object = {object_of(number)} ORDER BY seq")


def dispatched(number):
    return (show(number) or {}).get("tasks")


def caught_up():
    """Dedup has judged all, dispatch has heard it."""
    at = ('whistle_follower_lag_events{service="%s",feed="%s",follower="%s"}')
    return cluster.metrics("intake").get(at % ("intake", "intake", "dedup")) == 0 and \
        cluster.metrics("dedup").get(at % ("dedup", "dedup", "dispatch")) == 0


def back():
    cluster.start_service("dedup")
    runner.until(caught_up, seconds=20)


def waits_and_goes_unchecked():
    """While dedup says nothing: the usual whistle waits, the P1 goes out when its time is up."""
    usual, urgent, began = light(matter()), gas(matter()), time.time()
    runner.until(lambda: dispatched(urgent), seconds=UNCHECKED_S + 10)
    told = show(urgent)
    assert told["unchecked"] is True and {t["state"] for t in told["tasks"]} <= {"PENDING", "DELIVERED"}, told
    assert time.time() - began >= UNCHECKED_S - 1
    assert show(usual) is None or not dispatched(usual), show(usual)
    return usual, urgent


def test_whistles_wait_and_a_p1_goes_out_unchecked():
    cluster.processes["dedup"].kill()
    usual, urgent = waits_and_goes_unchecked()
    had = rows_of(urgent)
    back()
    runner.until(lambda: dispatched(usual))
    assert fan_outs(usual) == fan_outs(urgent) == 1
    assert rows_of(urgent) == had, "a later \"new\" makes nothing"
    assert "unchecked" not in show(usual)


def test_the_same_while_it_is_frozen():
    cluster.processes["dedup"].send(signal.SIGSTOP)
    try:
        usual, urgent = waits_and_goes_unchecked()
    finally:
        cluster.processes["dedup"].send(signal.SIGCONT)
    runner.until(lambda: dispatched(usual), seconds=20)  # fenced: it may end and is started again
    if not cluster.processes["dedup"].alive():
        back()
    runner.until(caught_up, seconds=20)
    assert fan_outs(usual) == fan_outs(urgent) == 1


def test_a_later_verdict_of_the_same_withdraws_what_nobody_has_signed():
    what = matter()
    first = gas(what)
    runner.until(lambda: dispatched(first))
    had = {d: (t["state"], t["dispatched_at"]) for d, t in tasks(first).items()}
    assert len(had) > 1 and LEAD in had, had
    cluster.processes["dedup"].kill()
    again = gas(what)
    runner.until(lambda: dispatched(again), seconds=UNCHECKED_S + 10)
    cluster.whistle(LEAD, "sign", f"{again}-{LEAD}")
    back()
    runner.until(lambda: show(again).get("merged_into") == first)
    states = {d: t["state"] for d, t in tasks(again).items()}
    assert states[LEAD] == "SIGNED", states
    assert {s for d, s in states.items() if d != LEAD} == {"CANCELLED"}, states
    parent = show(first)
    assert fan_outs(first) == fan_outs(again) == 1
    assert {d: (t["state"], t["dispatched_at"]) for d, t in tasks(first).items()} == had
    assert parent["supporters"] == 1 and [t["id"] for t in parent["linked"]] == [f"{again}-{LEAD}"], parent
    for department in set(had) - {LEAD}:  # hears that it is over
        heard = cluster.whistle(department, "follow", "--once", "--cursor",
                                f"{cluster.dir}/cursors/{department}")
        over = [e["event"]["joined"] for e in heard if e["kind"] == "WhistleJoined"]
        assert [f"{again}-{department}" in one["cancelled"] for one in over] == [True], (department, over)


def test_one_that_dedup_cannot_store_goes_out_unchecked():
    cluster.sql("ALTER TABLE dedup.report ADD CONSTRAINT sick "
                f"CHECK (at < {int(time.time() * 1000)}) NOT VALID")
    urgent = gas(matter())
    runner.until(lambda: dispatched(urgent), seconds=UNCHECKED_S + 10)
    assert show(urgent)["unchecked"] is True
    letters = cluster.whistle("OPERATOR", "dead-letters", "list", "--service", "dedup")
    assert [one["sqlstate"] for one in letters] == ["23514"], letters
    had = rows_of(urgent)
    cluster.sql("ALTER TABLE dedup.report DROP CONSTRAINT sick")
    cluster.whistle("OPERATOR", "dead-letters", "retry", str(letters[0]["id"]), "--service", "dedup")
    runner.until(caught_up, seconds=20)
    assert cluster.whistle("OPERATOR", "dead-letters", "list") == []
    assert rows_of(urgent) == had and fan_outs(urgent) == 1


def test_a_withdrawal_of_a_whistle_not_yet_known_is_remembered():
    cluster.processes["dedup"].kill()
    number = light(matter())
    cluster.whistle(STREET, "withdraw", number, "--reason", "已自行修复")
    back()
    runner.until(lambda: (show(number) or {}).get("state") == "CANCELLED")
    assert not dispatched(number) and fan_outs(number) == 0


if __name__ == "__main__":
    with Cluster(joins=True, env={"WHISTLE_UNCHECKED_S": str(UNCHECKED_S)}) as cluster:
        code = runner.main(globals())
    sys.exit(code)
