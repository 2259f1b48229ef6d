#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Clocks jump by an hour and by a day, forward and back, on intake, on dispatch, on the database's host
and on all of them, while streets raise whistles and departments follow; nobody is restarted. Then
everything is held against the database (verdict.py), and time itself:

  leases     nobody lost the journal, nobody was restarted, all serve
  order      no journal's time goes back, no number comes twice or before an earlier one
  due times  every deadline is its span after the call, every call within the jump of the true time
  levels     nobody signs a P2: each is escalated after its span of true time, at most a third
             later, unless the clock jumped forward meanwhile; none is left out

    clock.py [--short] [--hold S] [--rate R] [--keep]

Debian: libfaketime. The monotonic clock stays true, as on a machine whose time is set.
"""
import argparse
import json
import os
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import load  # noqa: E402  first: it finds tests/support
from load import SERVICES, Load  # noqa: E402
import runner  # noqa: E402
from cluster import Cluster  # noqa: E402

LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
HOSTS = ("intake", "dedup", "dispatch", "postgres")
SIGN_S = 5
HEARD_S = 8  # at most until the program that watches has told it, also on a busy machine
JUMPS = {"+1h": 3600, "-1h": -3600, "+1d": 86400, "-1d": -86400}
SHORT = (("-1d", HOSTS), ("+1h", ("dispatch",)), ("+1d", HOSTS), ("-1h", ("intake", "postgres")),
         ("+1d", ("dedup",)))


class Jumping(Cluster):
    """Every process has a clock of its own, moved by writing a file."""

    def clock(self, host):
        return f"{self.dir}/run/clock-{host}"

    def set_clock(self, host, seconds):
        temporary = self.clock(host) + ".new"
        with open(temporary, "w") as file:
            file.write(f"{seconds:+d}\n")
        os.chmod(temporary, 0o644)
        os.rename(temporary, self.clock(host))

    def fake(self, host):
        self.set_clock(host, 0)
        return {"LD_PRELOAD": LIBRARY, "FAKETIME_TIMESTAMP_FILE": self.clock(host), "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}

    def service_env(self, instance):
        return {**super().service_env(instance), **self.fake(instance)}

    def start_postgres(self):
        self.processes["postgres"].env = self.fake("postgres")
        super().start_postgres()


def quick(path):
    """P2 is to be signed within seconds, and nobody does; later levels come only by a jump."""
    with open(path) as file:
        data = json.load(file)
    for times in data["service_times"]:
        if times["priority"] == "P2":
            times["sign"] = f"PT{SIGN_S}S"
            times["escalate_unsigned"] = [f"PT{SIGN_S}S", "PT30H", "PT40H", "PT50H"]
    with open(path, "w") as file:
        json.dump(data, file, ensure_ascii=False)
    return path


class Observer:
    """All that dispatch says, with the true time when it was heard."""

    def __init__(self, cluster):
        self.child = subprocess.Popen([*cluster.command("AUDITOR"), "follow", "--json"], text=True,
                                      stdout=subprocess.PIPE)
        self.heard = []
        self.thread = threading.Thread(target=self.listen)
        self.thread.start()

    def listen(self):
        for line in self.child.stdout:
            event = json.loads(line)
            if "seq" in event:
                self.heard.append((time.monotonic(), time.time(), event))

    def end(self):
        self.child.terminate()
        self.child.wait(20)
        self.thread.join(20)


class Clocks(Load):
    def __init__(self, options):
        self.options, self.jumps, self.late = options, [], []
        self.plan = SHORT if options.short else [(name, hosts) for name in JUMPS
                                                 for hosts in (*((h,) for h in HOSTS), HOSTS)]
        seconds = len(self.plan) * 2 * options.hold + 2
        super().__init__(int(options.rate * seconds), seconds, sign=10**9, keep=options.keep,
                         make_cluster=lambda **how: Jumping(**{**how, "district": quick(how["district"])}))

    def hold(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.watch()
            time.sleep(0.1)

    def jump(self, hosts, seconds):
        """To so far from the true time; noted when dispatch's clock goes forward by it."""
        for host in hosts:
            self.cluster.set_clock(host, seconds)
        if "dispatch" in hosts:
            self.jumps.append((time.monotonic(), seconds))

    def run(self):
        self.start()
        self.observer = Observer(self.cluster)
        self.epochs = self.heads()
        self.hold(2)
        for name, hosts in self.plan:
            self.jump(hosts, JUMPS[name])
            self.hold(self.options.hold)
            self.jump(hosts, 0)
            self.hold(self.options.hold)
        self.ready = [self.cluster.ready(name) for name in SERVICES]
        self.hold(SIGN_S * 4 / 3 + 2)
        drained = self.drain()
        self.observer.end()
        return drained

    def heads(self):
        return self.cluster.sql("SELECT (SELECT epoch FROM intake.head), (SELECT epoch FROM dedup.head), "
                                "(SELECT epoch FROM dispatch.head)")

    # ---- time's own invariants ------------------------------------------------------------------

    def checks(self):
        return [(f.__name__.replace("_", " "), f) for f in (
            self.leases, self.order_of_journals, self.order_of_numbers, self.spans, self.true_times,
            self.levels)]

    def leases(self):
        assert self.heads() == self.epochs and all(self.ready), (self.heads(), self.epochs, self.ready)
        assert not self.faults, self.faults

    def order_of_journals(self):
        for schema in SERVICES:
            back = self.cluster.sql(f"SELECT count(*) FROM (SELECT at < lag(at) OVER (ORDER BY seq) AS back "
                                    f"FROM {schema}.journal) j WHERE back")
            assert back == [["0"]], (schema, back)

    def order_of_numbers(self):
        rows = self.cluster.sql("SELECT count(*), count(DISTINCT id), count(*) FILTER (WHERE back) FROM "
                                "(SELECT id, id < lag(id) OVER (ORDER BY seq) AS back FROM intake.whistle) w")
        assert rows[0][0] == rows[0][1] and rows[0][2] == "0", rows

    def watched(self):
        """(heard, true time, event) of each P2 whistle's call."""
        return [h for h in self.observer.heard if h[2]["kind"] == "WhistleDispatched"
                and h[2]["event"]["dispatched"]["whistle"].get("priority") == "P2"]

    def spans(self):
        rows = self.cluster.sql("SELECT DISTINCT t.due_sign - t.dispatched_at FROM dispatch.task t JOIN "
                                "dispatch.whistle w ON w.id = t.whistle WHERE w.priority = 2")
        assert rows == [[str(SIGN_S * 1000)]], rows
        assert self.watched()

    def true_times(self):
        most = max(abs(s) for s in JUMPS.values()) + 10
        for _, true, event in self.watched():
            assert abs(event["at"] / 1000 - true) < most, (event["at"], true)

    def levels(self):
        signed = {event["number"] for _, _, event in self.observer.heard if event["kind"] == "TaskSigned"}
        called = {event["number"]: heard for heard, _, event in self.watched()
                  if event["number"] not in signed}
        assert len(called) > 4, called
        first = {}
        for heard, _, event in self.observer.heard:
            if event["kind"] == "TaskEscalated" and event["event"]["escalated"].get("clock") == "SIGN":
                first.setdefault(event["number"], heard)
        for number, at in called.items():
            assert number in first, f"{number} was never escalated"
            took = first[number] - at
            assert took < SIGN_S * 4 / 3 + HEARD_S, (number, took)
            forward = any(at - 0.5 < when < first[number] + 0.5 for when, _ in self.jumps)
            assert forward or took > SIGN_S - 1, (number, took)
            self.late.append(took - SIGN_S)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--short", action="store_true", help="four jumps instead of sixteen")
    parser.add_argument("--hold", type=float, default=None, help="seconds wrong, and right again")
    parser.add_argument("--rate", type=float, default=40, help="whistles a second")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    options.hold = options.hold or (1.5 if options.short else 6)
    clocks = Clocks(options)
    try:
        drained = clocks.run()
        # where a clock jumped a day lies between the two that tell the same
        rows = clocks.verdict(but=("what_is_told_again_is_joined",))
        for name, check in clocks.checks():
            try:
                check()
                rows.append((name, None))
            except Exception as error:  # every invariant is judged
                rows.append((name, f"{type(error).__name__}: {error}"))
        return load.report(rows, {"jumps": 2 * len(clocks.plan), "acknowledged": clocks.acknowledged(),
                                  "watched": len(clocks.watched()), "drain_s": round(drained, 1),
                                  "escalated_after_span_s": load.figures(clocks.late)})
    finally:
        if hasattr(clocks, "observer"):
            clocks.observer.child.kill()
        clocks.down()


if __name__ == "__main__":
    sys.exit(main())
