#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Python example as a department: killed and started again it leaves no task out and signs none
twice; it goes on when dispatch or its connection is gone for a while; it says loudly what it may not."""
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import runner  # noqa: E402
import subscriber as sub  # noqa: E402
from cluster import TOP, Cluster  # noqa: E402

PROGRAM = TOP + "/services/client/example/department.py"
cluster = None


def peer(name, key="GASCO", cursor=None):
    return sub.Subscriber(cluster, name, [
        "/usr/bin/python3", PROGRAM, f"{cluster.dir}/keys/{key}.key", f"{cluster.dir}/keys/doors",
        cursor or f"{cluster.dir}/cursors/{name}"], PATH="/usr/bin:/bin")


def test_signs_a_task():
    one = peer("one")
    one.start()
    try:
        number = sub.blow(cluster, 1, "燃气味")[0]
        began = time.monotonic()
        runner.until(lambda: f"{number}-GASCO" in one.said("signed"), 10)
        assert time.monotonic() - began < 5
        shown = cluster.whistle(sub.STREET, "show", number)[0]
        assert {t["department"]: t["state"] for t in shown["tasks"]}["GASCO"] == "SIGNED"
        assert [t["department"] for t in shown["tasks"] if t["state"] == "SIGNED"] == ["GASCO"]
    finally:
        one.kill()


def test_dispatch_killed_under_it():
    """Reached again within 5 s after dispatch is ready."""
    one = peer("under", "POLICE")
    one.start()
    try:
        for _ in range(3):
            cluster.processes["dispatch"].kill()
            numbers = sub.blow(cluster, 5, "while it is gone")
            cluster.start_service("dispatch")
            tasks = {f"{n}-POLICE" for n in numbers}
            runner.until(lambda: tasks <= set(one.said("signed")), 6)
    finally:
        one.kill()
    assert set(sub.signatures(cluster, "POLICE").values()) == {1}


def test_frozen_and_thawed():
    """Longer silent than any heartbeat: the publisher forgets it, it follows again."""
    one = peer("frozen", "URBAN")
    one.start()
    try:
        first = sub.blow(cluster, 1, "before")[0] + "-URBAN"
        runner.until(lambda: first in one.said("signed"), 10)
        one.child.send_signal(signal.SIGSTOP)
        tasks = {n + "-URBAN" for n in sub.blow(cluster, 30, "meanwhile")}
        time.sleep(8)
        one.child.send_signal(signal.SIGCONT)
        runner.until(lambda: tasks <= set(one.said("signed")), 8)
    finally:
        one.kill()
    assert set(sub.signatures(cluster, "URBAN").values()) == {1}


def test_killed_at_random():
    sub.killed_at_random(cluster, peer("random", "FIRE"), "FIRE", seed=7, seconds=12, longest=2.0)


def test_another_past_is_told_loudly():
    cursor = cluster.dir + "/cursors/forged"
    with open(cursor, "w") as file:
        file.write("3 " + "ab" * 32 + "\n")
    done = subprocess.run(peer("forged", cursor=cursor).command, capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and "REWOUND" in done.stderr, done
    with open(cursor, "w") as file:
        file.write("900000000 -\n")
    done = subprocess.run(peer("forged", cursor=cursor).command, capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and "REWOUND" in done.stderr, done


def main():
    global cluster
    with Cluster() as cluster:
        return runner.main(globals())


if __name__ == "__main__":
    sys.exit(main())
