#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The kill test: SIGKILL of services, PostgreSQL, publishers, departments and the sender of notices at
seeded random moments and at every fail point, while streets raise whistles; then every whistle, task,
signature, notice and range is held against the database (verdict.py).

    kill.py [--seconds S] [--kills N] [--whistles N] [--seed S] [--json] [--keep]

Goes on for S seconds and at least N kills. The same seed gives the same order of victims, pauses and
fail points; the rest of a run's timing is the machine's. Needs a build with fail points (WHISTLE_BUILD).
"""
import argparse
import os
import random
import re
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import load  # noqa: E402  first: it finds tests/support
from load import SERVICES, STREETS, Load  # noqa: E402
import runner  # noqa: E402
from cluster import TOP  # noqa: E402

# The dead letters' point needs a message that the database itself refuses; test_runtime_failpoints does it.
UNREACHABLE = {"deadletter.before"}
READY_S, REACH_S = 3.0, 5.0
WEIGHTS = {"intake": 4, "dedup": 4, "dispatch": 4, "postgres": 2, "backend": 1, "publish": 3, "subscribe": 4,
           "notify": 2}
UNASKED = ("door.", "answers.")  # nobody commands dedup here


def fail_points():
    """Every name in the services' sources."""
    names = set()
    for folder, _, files in os.walk(TOP + "/services"):
        for name in files:
            if name.endswith(".c"):
                with open(os.path.join(folder, name)) as file:
                    names |= set(re.findall(r'WH_FAILPOINT\("([^"]+)"\)', file.read()))
    return sorted(names - UNREACHABLE)


class Chaos(Load):
    def __init__(self, options):
        super().__init__(options.whistles, options.seconds, options.sign, options.keep)
        self.options = options
        self.random = random.Random(options.seed)
        self.kills = {}
        self.first = self.random.sample(list(WEIGHTS), len(WEIGHTS))  # each kind at least once
        self.reached = {name: 0 for name in fail_points()}
        self.times = {"service_ready": [], "after_postgres": [], "tasks_reach": []}

    # ---- killing --------------------------------------------------------------------------------

    def count_kill(self, name):
        self.kills[self.group(name)] = self.kills.get(self.group(name), 0) + 1

    def total(self):
        return sum(self.kills.values())

    def victims(self):
        kind = self.first.pop() if self.first else self.random.choices(*zip(*WEIGHTS.items()))[0]
        choice = {"publish": [f"publish-{i}" for i in range(len(STREETS))],
                  "subscribe": [f"subscribe-{d}" for d in self.departments]}.get(kind, [kind])
        first = self.random.choice(choice)
        if self.random.random() < 0.2:
            second = self.random.choice([*SERVICES, "postgres"])
            if second != first:
                return [first, second]
        return [first]

    def kill(self):
        victims = self.victims()
        alone = len(victims) == 1
        if victims[0] == "backend":
            self.kill_backend()
            victims = victims[1:]
        for name in victims:
            if name in self.finished:
                continue
            before = self.last_task(self.ear(name))
            self.cluster.processes[name].kill()
            self.count_kill(name)
        time.sleep(self.random.choice([0, 0, 0.1, 0.5]))
        self.random.shuffle(victims)
        for name in victims:
            if name in self.finished:
                continue
            began = time.monotonic()
            self.restart(name)
            if alone:
                self.measure(name, began, before)
        self.all_ready()

    def kill_backend(self):
        """One session's process of PostgreSQL: the postmaster then ends all others and recovers."""
        service = self.random.choice(SERVICES)
        rows = self.cluster.sql(f"SELECT pid FROM pg_stat_activity WHERE usename = 'whistle_{service}'")
        if not rows:
            return
        os.kill(int(rows[0][0]), signal.SIGKILL)
        self.count_kill("backend")
        time.sleep(0.05)

    def ear(self, name):
        """The department in whose file the effect of a restart is seen."""
        return name if self.group(name) == "subscribe" else "subscribe-FIRE"

    def measure(self, name, began, before):
        if name in SERVICES:
            self.cluster.wait_ready(name)
            self.times["service_ready"].append(time.monotonic() - began)
        elif name == "postgres":
            began = time.monotonic()
            self.all_ready()
            self.times["after_postgres"].append(time.monotonic() - began)
        if name in ("dedup", "dispatch") or self.group(name) == "subscribe":
            self.measure_reach(self.ear(name), began, before)

    def measure_reach(self, ear, began, before):
        """Until the next task is durable at the department; not while a street is done already."""
        def silent():
            return any(not self.cluster.processes[f"publish-{i}"].alive() for i in range(len(STREETS)))
        if not silent():
            runner.until(lambda: self.last_task(ear) > before or silent(), seconds=20)
            if self.last_task(ear) > before:
                self.times["tasks_reach"].append(time.monotonic() - began)

    def all_ready(self):
        """After PostgreSQL's end a service may still look ready for a moment: two looks."""
        for name in SERVICES * 2:
            self.cluster.wait_ready(name, 60)

    def fail_point(self, service, point):
        """The service starts with the fail point, dies at it, and starts clean."""
        process = self.cluster.processes[service]
        once = "owner" in point or "rebuild" in point or point == "feed.read"
        skip = 0 if once else self.random.choice([0, 0, 1, 3, 10])
        followers = self.random.sample([f"subscribe-{d}" for d in self.departments], 2)
        if point.startswith("feed."):  # its followers come with older cursors
            for name in followers:
                self.cluster.processes[name].kill()
                self.count_kill(name)
            time.sleep(0.5)
        process.kill()
        self.count_kill(service)
        process = self.cluster.start_service(service, wait=False,
                                             WHISTLE_FAILPOINT=f"{point}:{skip}=kill")
        if point.startswith("feed."):
            for name in followers:
                self.cluster.processes[name].start()
        deadline = time.monotonic() + 6
        while process.alive() and time.monotonic() < deadline:
            time.sleep(0.02)
        if process.alive():
            process.kill()
        else:
            self.reached[point] += 1
        self.count_kill(service)
        began = time.monotonic()
        self.restart(service)
        self.cluster.wait_ready(service)
        self.times["service_ready"].append(time.monotonic() - began)
        self.all_ready()

    def run(self):
        options, began = self.options, time.monotonic()
        points = [(s, p) for s in SERVICES for p in self.reached if s != "dedup" or not p.startswith(UNASKED)]
        self.random.shuffle(points)
        told = began
        while True:
            seconds = time.monotonic() - began
            if seconds >= options.seconds and self.total() >= options.kills and \
                    (not points or options.kills == 0):
                return seconds
            time.sleep(self.random.uniform(0.05, options.pause))
            self.watch()
            if points and self.random.random() < 0.4:
                self.fail_point(*points.pop())
            else:
                self.kill()
            if time.monotonic() - told > 10:
                told = time.monotonic()
                print(f"{seconds:6.0f} s  {self.total():4d} kills  {self.acknowledged():7d} acknowledged",
                      file=sys.stderr, flush=True)

    def own_checks(self):
        never = [] if self.options.kills == 0 else [p for p, n in self.reached.items() if n == 0]
        slow = [f"{name} {max(self.times[name], default=0):.2f} s" for name, limit in
                (("service_ready", READY_S), ("tasks_reach", REACH_S))
                if max(self.times[name], default=0) > limit]
        return [
            ("nobody_ended_by_himself", "; ".join(self.faults[:5]) or None),
            ("enough_kills", None if self.total() >= self.options.kills else str(self.total())),
            ("every_fail_point_was_reached", ", ".join(never) or None),
            ("recovery_in_time", ", ".join(slow) or None),
        ]


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, help="default: 60, or 2.7 a kill")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--whistles", type=int, default=0, help="default: 200 a second")
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--pause", type=float, default=1.5, help="longest pause between two kills")
    parser.add_argument("--sign", type=int, default=10, help="every n-th whistle's tasks are signed")
    parser.add_argument("--drain", type=float, default=240)
    parser.add_argument("--json", action="store_true", help="only the line of figures")
    parser.add_argument("--keep", action="store_true", help="leave the folder behind")
    options = parser.parse_args()
    options.seconds = options.seconds or max(60.0, 2.7 * options.kills)
    options.whistles = options.whistles or int(200 * options.seconds)
    return options


def main():
    options = parse()
    chaos = Chaos(options)
    rows, seconds, drained = [], 0, 0
    try:
        chaos.start()
        seconds = chaos.run()
        drained = chaos.drain(options.drain)
        rows = chaos.verdict()
    except Exception as error:
        rows.append(("the_run_itself", f"{type(error).__name__}: {error}"))
    finally:
        rows += chaos.own_checks()
        result = {"seed": options.seed, "seconds": round(seconds, 1), "drain_s": round(drained, 1),
                  "kills": chaos.total(), "kills_of": chaos.kills,
                  "acknowledged": chaos.acknowledged(),
                  "fail_points": {k: v for k, v in chaos.reached.items()},
                  "notices": chaos.notices,
                  **{k: load.figures(v) for k, v in chaos.times.items()}}
        chaos.down()
    return load.report(rows, result, options.json)


if __name__ == "__main__":
    sys.exit(main())
