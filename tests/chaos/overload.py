#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Overload: streets ask ten times as much as is accepted, whatever they are answered, while one
department's program is frozen (SIGSTOP) and another one's loop hangs (its network threads go on).

    overload.py [--seconds 60] [--capacity PER_S] [--json] [--keep]

What is accepted is held down on purpose, so that ten times as much fits on the machine that also
plays the streets: PostgreSQL's commits take 5 ms more (commit_delay), intake takes 16 items a turn.
Its capacity is measured first; then 12 times as many new commands a second come from five streets,
without waiting for answers, every 101st a P1; a sixth street asks five times a second, every
second time with a P1. Others' times are those of all other departments, from dispatch's decision
(with its commit) until the event is heard: quiet (0.8 of the capacity), then under overload before
the two stall, while they do (the seconds of the figure), and after they have caught up.
"""
import argparse
import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import runner  # noqa: E402
from cluster import Cluster, Process  # noqa: E402
from load import report  # noqa: E402
from verdict import Department  # noqa: E402

FLOODING = ("990101001", "990101002", "990101003", "990101101", "990101004")
UNHURRIED = "990101201"
FROZEN, HUNG = "POWERCO", "HOUSING"
TIMES, LIMIT_MS, RATIO = 12, 10000, 1.5
MEMORY_MIB = {"intake": 128, "dedup": 384, "dispatch": 128}
SHORT_FLOOR_MS = 50  # a run of seconds has too few events to tell less apart
SERVICES = tuple(MEMORY_MIB)


def rss_mib(pid, field="VmRSS"):
    with open(f"/proc/{pid}/status") as status:
        return int(next(x for x in status if x.startswith(field)).split()[1]) / 1024


class Overload:
    def __init__(self, options):
        self.options = options
        self.cluster = Cluster(keep=options.keep)
        self.folder = self.cluster.dir + "/chaos"
        self.memory = {name: 0.0 for name in SERVICES}
        self.floods, self.result, self.rows = {}, {}, []

    def check(self, name, good, why=""):
        self.rows.append((name, None if good else str(why) or "no"))

    # ---- parts ----------------------------------------------------------------------------------

    def start(self):
        c = self.cluster.up()
        os.makedirs(self.folder)
        c.own(self.folder)
        for setting in ("commit_delay = 5000", "commit_siblings = 0"):
            c.sql(f"ALTER SYSTEM SET {setting}")
        c.sql("SELECT pg_reload_conf()")
        c.processes["intake"].stop()
        c.start_service("intake", WHISTLE_TURN_ITEMS="16")
        with open(c.district) as file:
            bodies = [b["code"] for b in json.load(file)["departments"]]
        self.departments = [b for b in bodies if os.path.exists(f"{c.dir}/keys/{b}.key")]
        others = [d for d in self.departments if d not in (FROZEN, HUNG)]
        self.listen("others", "chaos_ears", ",".join(others), "0")
        self.listen("hung", "chaos_ears", HUNG, str(int(self.options.seconds)))
        self.add("frozen", ["chaos_subscribe", c.dir + "/keys/doors", f"{c.dir}/keys/{FROZEN}.key",
                            "1000000000", f"{self.folder}/{FROZEN}"])

    def add(self, name, words, *before):
        self.cluster.processes[name] = Process(
            self.cluster, name, [*before, self.cluster.bin(words[0]), *words[1:]]).start()
        return self.cluster.processes[name]

    def listen(self, name, program, *words):
        self.add(name, [program, self.cluster.dir + "/keys/doors", self.cluster.dir + "/keys", *words])

    def flood(self, name, streets, rate, seconds, p1_every):
        """Niced: streets are other machines, they do not take the services' processor."""
        self.floods[name] = self.add(
            name, ["chaos_flood", self.cluster.dir + "/keys/doors", self.cluster.dir + "/keys",
                   ",".join(streets), f"{rate:.1f}", f"{seconds:.1f}", str(p1_every), str(LIMIT_MS),
                   f"{self.folder}/{name}"], "nice", "-n", "5")

    def wait(self, seconds):
        """Passes time and looks at the services' memory."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for name in SERVICES:
                pid = self.cluster.processes[name].child.pid
                self.memory[name] = max(self.memory[name], rss_mib(pid))
            time.sleep(0.1)

    def told(self, name, limit=60):
        """A flood's figures once it has ended."""
        end = time.monotonic() + limit
        while self.floods[name].alive() and time.monotonic() < end:
            self.wait(0.2)
        if self.floods[name].wait(1) != 0:
            raise RuntimeError(f"{name} ended with {self.floods[name].wait()}: "
                               f"{self.floods[name].tail(3)}")
        return json.loads(self.floods[name].tail(1))

    def phase(self):
        self.cluster.processes["others"].send(signal.SIGUSR1)

    # ---- the run --------------------------------------------------------------------------------

    def measure_capacity(self):
        if self.options.capacity:
            return self.options.capacity
        self.wait(2)
        self.flood("capacity", FLOODING, 8000, self.options.short, 0)
        told = self.told("capacity")
        return told["accepted"]["n"] / told["seconds"]

    def quiet(self, capacity):
        self.wait_dispatched()
        self.phase()
        self.flood("quiet", FLOODING, 0.8 * capacity, self.options.short, 101)
        self.told("quiet")
        self.wait_dispatched()

    def overload(self, capacity):
        seconds, short = self.options.seconds, self.options.short
        frozen, hung = (self.cluster.processes[n] for n in ("frozen", "hung"))
        whole = seconds + 3 * short + 2
        self.flood("flood", FLOODING, TIMES * capacity, whole, 101)
        self.flood("unhurried", (UNHURRIED,), 5, whole, 2)
        self.wait(2)
        self.phase()
        self.wait(short)
        self.phase()
        frozen.send(signal.SIGSTOP)
        hung.send(signal.SIGUSR2)
        self.wait(seconds)
        frozen.send(signal.SIGCONT)
        head = self.head()
        began = time.monotonic()
        self.phase()
        while self.frozen_upto() < head and time.monotonic() - began < 60:
            self.wait(0.1)
        self.result["caught_up_s"] = round(time.monotonic() - began, 2)
        self.wait(max(0, short - (time.monotonic() - began)))
        self.phase()
        self.wait(short)

    def run(self):
        self.start()
        capacity = self.measure_capacity()
        self.result["capacity_per_s"] = round(capacity)
        self.quiet(capacity)
        self.phase()
        self.overload(capacity)
        self.judge_streets(self.told("flood"), self.told("unhurried"))
        self.wait_dispatched()
        self.judge_departments()
        self.result["memory_mib"] = {n: round(mib, 1) for n, mib in self.memory.items()}
        self.check("memory of each service stays under 128 MiB, dedup's under 384",
                   all(mib < MEMORY_MIB[name] for name, mib in self.memory.items()), self.memory)

    # ---- judgement ------------------------------------------------------------------------------

    def head(self):
        return int(self.cluster.sql("SELECT seq FROM dispatch.head")[0][0])

    def frozen_upto(self):
        path = f"{self.folder}/{FROZEN}"
        with open(path, "rb") as file:
            file.seek(max(0, os.path.getsize(path) - 4096))
            lines = [x for x in file.read().split(b"\n")[:-1] if x.startswith(b"R ")]
        return int(lines[-1].split()[2]) if lines else 0

    def wait_dispatched(self):
        def same():
            a, b = self.cluster.sql("SELECT (SELECT count(*) FROM intake.whistle), "
                                    "(SELECT count(*) FROM dispatch.whistle)")[0]
            return a == b
        runner.until(same, seconds=120, every=0.2)

    def judge_streets(self, flood, unhurried):
        accepted = flood["accepted"]["n"] + flood["p1_accepted"]["n"]
        both = (flood, unhurried)
        self.result.update(
            attempts=flood["attempts"], attempts_per_s=round(flood["attempts"] / flood["seconds"]),
            accepted=accepted, attempts_per_accepted=round(flood["attempts"] / accepted, 1),
            outcomes={k: flood[k] for k in ("accepted", "busy", "p1_accepted")},
            why_not=flood["rules"], sent_again=flood["repeats"],
            a_street=[flood["street_least"], flood["street_most"]],
            unhurried={k: unhurried[k] for k in ("accepted", "p1_accepted")})
        self.check("ten times as many attempts as accepted", flood["attempts"] >= 10 * accepted,
                   (flood["attempts"], accepted))
        self.check("every attempt has an outcome",
                   all(f[p + "silent"]["n"] == 0 and f["open"] == 0 for f in both for p in ("", "p1_")),
                   [(f["silent"], f["p1_silent"]) for f in both])
        self.check("every BUSY says when to come back, nothing else is refused",
                   all(f[p + k]["n"] == 0 for f in both for p in ("", "p1_")
                       for k in ("busy_without_time", "refused")), flood["rules"])
        self.check("a P1 is never sent away", all(f["p1_busy"]["n"] == 0 for f in both),
                   [f["p1_busy"] for f in both])
        self.check("who asks little is never sent away", unhurried["busy"]["n"] == 0, unhurried)
        self.check("streets get equal shares", flood["street_least"] >= 0.9 * flood["street_most"],
                   self.result["a_street"])
        seqs = [int(x.split()[0]) for name in self.floods for x in open(f"{self.folder}/{name}")]
        rows, total = self.cluster.sql("SELECT count(*), sum(seq) FROM intake.journal "
                                       "WHERE object <> 0")[0]
        self.check("what was accepted stands in the journal once, nothing else does",
                   len(set(seqs)) == len(seqs) == int(rows) and sum(seqs) == int(total),
                   (len(seqs), rows))

    def judge_departments(self):
        head = self.head()
        runner.until(lambda: self.frozen_upto() >= head, seconds=60)
        time.sleep(2)
        told = {}
        for name in ("others", "hung"):
            self.cluster.processes[name].stop()
            told[name] = json.loads(self.cluster.processes[name].tail(1))
        self.judge_heard({**told["others"]["ears"], **told["hung"]["ears"]})
        _, quiet, _, before, stalled, _, after = told["others"]["phases"]
        times = {"quiet": quiet, "before": before, "stalled": stalled, "after": after}
        self.result["others_ms"] = {k: t["heard"] for k, t in times.items()}
        self.result["p1_raise_to_heard_ms"] = {k: t["p1_whole"] for k, t in times.items()}
        p99 = {k: t["heard"]["p99_ms"] for k, t in times.items()}
        usual = (p99["before"] + p99["after"]) / 2
        self.result["p99_ratio"] = {"stalled_to_not_stalled": round(p99["stalled"] / usual, 2),
                                    "overload_to_quiet": round(p99["stalled"] / p99["quiet"], 2)}
        floor = 0 if self.options.seconds >= 30 else SHORT_FLOOR_MS
        self.check("a stalled department slows no other: p99 within 1.5 times",
                   p99["stalled"] <= max(RATIO * usual, floor), p99)

    def judge_heard(self, ears):
        ids = {c: int(i) for i, c in self.cluster.sql("SELECT id, code FROM intake.code")}
        rows = {d: int(self.cluster.sql("SELECT count(*) FROM dispatch.journal WHERE "
                                        f"{ids[d]} = ANY(subjects)")[0][0])
                for d in self.departments if d in ids}
        wrong = {d: ear for d, ear in ears.items()
                 if ear["gaps"] or ear["events"] != rows.get(d, 0)}
        self.check("every department heard everything once, also the hung one", not wrong, wrong)
        file = Department(f"{self.folder}/{FROZEN}")
        ends = [0] + [upto for _, upto, _ in file.ranges]
        holes = [at for at, (after, _, _) in zip(ends, file.ranges) if at != after]
        self.check("the frozen one caught up without loss",
                   not holes and len(set(file.events)) == len(file.events) == rows[FROZEN],
                   (holes[:5], len(file.events), rows[FROZEN]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=60, help="of the stall")
    parser.add_argument("--short", type=float, default=10, help="seconds of each other phase")
    parser.add_argument("--capacity", type=float, default=0, help="accepted a second; 0: measured")
    parser.add_argument("--json", action="store_true", help="only the line of figures and the count")
    parser.add_argument("--keep", action="store_true", help="leave the folder")
    test = Overload(parser.parse_args())
    try:
        test.run()
    finally:
        test.cluster.down()
    sys.exit(report(test.rows, test.result, test.options.json))


if __name__ == "__main__":
    main()
