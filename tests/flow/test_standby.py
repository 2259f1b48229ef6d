#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two instances of every service over one database, with people at work all the while: the owner
killed, frozen and thawed, asked to end under load twenty times; the database back with an older tail."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import runner  # noqa: E402
import subscriber as sub  # noqa: E402
from cluster import SERVICES, TOP, Cluster  # noqa: E402

PAIRS = (("intake", "intake-b"), ("dedup", "dedup-b"), ("dispatch", "dispatch-b"))
TAKE_OVER_S = 5
cluster = None


class Work:
    """Streets that raise and wait for their tasks, until it ends; the numbers they were told."""

    def __enter__(self):
        self.numbers, self.errors, self.ended = [], [], threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(i,)) for i in range(2)]
        for thread in self.threads:
            thread.start()
        return self

    def run(self, i):
        n = 0
        while not self.ended.is_set():
            try:
                self.numbers += sub.blow(cluster, 20, f"work {i} {n}", words=())
            except (AssertionError, subprocess.TimeoutExpired) as error:
                self.errors.append(error)
                return
            n += 1
            time.sleep(0.02)

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()
        assert not self.errors, self.errors[0]
        assert len(set(self.numbers)) == len(self.numbers)
        nothing_lost(self.numbers)


def nothing_lost(numbers):
    ids = ",".join(n.split("-")[1] + n.split("-")[2].zfill(7) for n in numbers)
    rows = cluster.sql(f"SELECT count(*), min(c), max(c) FROM (SELECT w.id, (SELECT count(*) FROM "
                       f"dispatch.task t WHERE t.whistle = w.id) c FROM dispatch.whistle w WHERE w.id IN "
                       f"({ids})) x")
    assert rows == [[str(len(numbers)), "5", "5"]], (len(numbers), rows)
    for schema in SERVICES:
        rows = cluster.sql(f"SELECT count(*) - max(j.seq), max(j.seq) - (SELECT seq FROM {schema}.head) "
                           f"FROM {schema}.journal j")
        assert rows == [["0", "0"]], (schema, rows)


def epoch(service):
    return int(cluster.sql(f"SELECT epoch FROM {service}.head")[0][0])


def owner(pair):
    """(who serves, who stands by); both must live."""
    def one():
        ready = [name for name in pair if cluster.ready(name)]
        return ready if len(ready) == 1 else None
    serving = runner.until(one, 15)[0]
    return serving, pair[1 - pair.index(serving)]



def reachable(instance):
    with socket.socket(socket.AF_UNIX) as one:
        return one.connect_ex(f"{cluster.dir}/run/{instance}.door") == 0


def start_standby(instance):
    size = os.path.getsize(cluster.processes[instance].log) if instance in cluster.processes else 0
    cluster.start_service(instance, wait=False)

    def begun():
        with open(cluster.processes[instance].log, errors="replace") as log:
            log.seek(size)
            return "owner.standby" in log.read()
    runner.until(begun, 15)


def test_one_serves_one_waits():
    for pair in PAIRS:
        serving, waiting = owner(pair)
        assert serving == pair[0]
        assert cluster.processes[waiting].alive()
        assert reachable(serving) and not reachable(waiting), "a standby does not bind"


def in_the_gap(began, words, took):
    """Blows a whistle now, while nobody serves; took[…]: seconds from the kill to what it waited for."""
    def run():
        sub.blow(cluster, 1, "in the gap", words=words)
        took["tasks" if not words else "acknowledged"] = time.monotonic() - began
    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_owner_killed():
    """The other one serves, a whistle blown in between is acknowledged and its tasks are there, all
    within 5 s of the kill."""
    with Work():
        for _ in range(2):
            for pair in PAIRS:
                time.sleep(0.5)
                serving, waiting = owner(pair)
                before, began, took = epoch(pair[0]), time.monotonic(), {}
                cluster.processes[serving].kill()
                threads = [in_the_gap(began, words, took) for words in (("--no-wait",), ())]
                runner.until(lambda: cluster.ready(waiting), TAKE_OVER_S)
                took["ready"] = time.monotonic() - began
                for thread in threads:
                    thread.join()
                print(f"     {waiting} took over:", {k: round(v, 1) for k, v in sorted(took.items())})
                assert len(took) == 3 and max(took.values()) <= TAKE_OVER_S, took
                assert epoch(pair[0]) == before + 1
                start_standby(serving)


def test_owner_frozen():
    """The standby takes over; the thawed one writes nothing more and gives up its door."""
    for pair in PAIRS:
        with Work():
            time.sleep(0.5)
            serving, waiting = owner(pair)
            before, began = epoch(pair[0]), time.monotonic()
            cluster.processes[serving].send(signal.SIGSTOP)
            try:
                runner.until(lambda: cluster.ready(waiting), 13)
                print(f"     {waiting} took over {time.monotonic() - began:.1f} s after the freeze")
                sub.blow(cluster, 1, "taken over", words=())
                time.sleep(0.5)
            finally:
                cluster.processes[serving].send(signal.SIGCONT)
            runner.until(lambda: not cluster.ready(serving), 5)
            for _ in range(10):
                assert cluster.ready(waiting) and not cluster.ready(serving)
                time.sleep(0.2)
            assert epoch(pair[0]) == before + 1
        if not cluster.processes[serving].alive():
            start_standby(serving)
    cluster.whistle("AUDITOR", "history", "--verify")


def test_asked_to_end_twenty_times():
    """Under load: exit 0 within 20 s, the other one takes over, nobody at work notices more than a
    pause."""
    slowest = 0
    with Work():
        for i in range(20):
            pair = PAIRS[i % len(PAIRS)]
            time.sleep(0.2)
            serving, waiting = owner(pair)
            began = time.monotonic()
            assert cluster.processes[serving].stop(20) == 0, cluster.processes[serving].tail()
            slowest = max(slowest, time.monotonic() - began)
            runner.until(lambda: cluster.ready(waiting), 5)
            start_standby(serving)
    print(f"     the slowest end took {slowest:.1f} s")


def test_database_with_an_older_tail():
    """A restored backup: the services serve from what is there, whoever followed is told loudly."""
    postgres = cluster.processes["postgres"]

    def restart(change):
        postgres.send(signal.SIGINT)
        postgres.wait(30)
        change()
        cluster.start_postgres()
        for pair in PAIRS:
            owner(pair)

    def copy(source, target):
        shutil.rmtree(cluster.dir + target, ignore_errors=True)
        cluster.sh(["cp", "-a", cluster.dir + source, cluster.dir + target])

    cursor, words = cluster.dir + "/cursors/rewound", ["follow", "--once", "--cursor"]
    python = ["/usr/bin/python3", TOP + "/services/client/example/department.py",
              cluster.dir + "/keys/FIRE.key", cluster.dir + "/keys/doors", cluster.dir + "/cursors/python"]
    kept = sub.blow(cluster, 3, "kept", words=())
    restart(lambda: copy("/pg", "/backup"))
    lost = sub.blow(cluster, 5, "lost", words=())
    cluster.whistle("GASCO", *words, cursor)
    one = sub.Subscriber(cluster, "python", python, PATH="/usr/bin:/bin")
    one.start()
    runner.until(lambda: f"{lost[-1]}-FIRE" in one.said("signed"), 60)
    restart(lambda: copy("/backup", "/pg"))
    assert one.child.wait(20) == 1
    with open(one.path) as said:
        assert "REWOUND" in said.read()
    error = cluster.whistle("GASCO", *words, cursor, expect=None)[-1]["error"]
    assert (error["status"], error["code"]) == (409, "rewound"), error
    for number in kept:
        assert len(cluster.whistle(sub.STREET, "show", number)[0]["tasks"]) == 5
    again = sub.blow(cluster, 6, "another future", words=())
    error = cluster.whistle("GASCO", *words, cursor, expect=None)[-1]["error"]
    assert error["code"] == "rewound", "also when the new journal is as long as the old one"
    assert not set(again) & set(kept)
    nothing_lost(kept + again)
    cluster.whistle("AUDITOR", "history", "--verify")
    os.unlink(cursor)
    told = {e.get("number") for e in cluster.whistle("GASCO", *words, cursor, timeout=120)}
    assert set(again) <= told


def main():
    global cluster
    with Cluster(standby=[waiting for _, waiting in PAIRS]) as cluster:
        for _, waiting in PAIRS:
            start_standby(waiting)
        return runner.main(globals())


if __name__ == "__main__":
    sys.exit(main())
