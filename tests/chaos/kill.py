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
import json
import os
import random
import re
import signal
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import runner  # noqa: E402
from cluster import DISTRICT, Cluster, Process, TOP  # noqa: E402
from verdict import Verdict, routes  # noqa: E402

STREETS = ("990101002", "990101003", "990101101", "990101201")
SERVICES = ("intake", "dispatch")
# The dead letters' point needs a message that the database itself refuses; test_runtime_failpoints does it.
UNREACHABLE = {"deadletter.before"}
READY_S, REACH_S = 3.0, 5.0
WEIGHTS = {"intake": 4, "dispatch": 4, "postgres": 2, "backend": 1, "publish": 3, "subscribe": 4, "notify": 2}


def fail_points():
    """Every name in the services' sources."""
    names = set()
    for folder, _, files in os.walk(TOP + "/services"):
        for name in files:
            if name.endswith(".c"):
                with open(os.path.join(folder, name)) as file:
                    names |= set(re.findall(r'WH_FAILPOINT\("([^"]+)"\)', file.read()))
    return sorted(names - UNREACHABLE)


def night(folder):
    """The demo district with its working hour far from now: notices of P3 wait, whenever this runs."""
    with open(DISTRICT) as file:
        data = json.load(file)
    hour = (time.gmtime().tm_hour + 8 + 10) % 23
    data["calendar"]["work_hours"] = [[f"{hour:02}:00", f"{hour:02}:59"]]
    path = os.path.join(folder, "district.json")
    with open(path, "w") as file:
        json.dump(data, file, ensure_ascii=False)
    return path


def figures(seconds):
    """{"n", "p50_s", "max_s"} of a list of durations."""
    ordered = sorted(seconds)
    if not ordered:
        return {"n": 0}
    return {"n": len(ordered), "p50_s": round(ordered[len(ordered) // 2], 3),
            "max_s": round(ordered[-1], 3)}


class Chaos:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        with tempfile.TemporaryDirectory() as folder:
            self.cluster = Cluster(keep=options.keep, district=night(folder))
        self.folder = self.cluster.dir + "/chaos"
        self.kills, self.faults = {}, []
        self.first = self.random.sample(list(WEIGHTS), len(WEIGHTS))  # each kind at least once
        self.reached = {name: 0 for name in fail_points()}
        self.times = {"service_ready": [], "after_postgres": [], "tasks_reach": []}
        self.finished = set()
        self.count = options.whistles // len(STREETS)
        self.departments = ()

    # ---- parts ----------------------------------------------------------------------------------

    def start(self):
        c = self.cluster.up()
        os.makedirs(self.folder)
        c.own(self.folder)
        self.departments = sorted(set().union(*routes(c.district).values()))
        doors, keys = c.dir + "/keys/doors", c.dir + "/keys"
        rate = self.options.whistles / len(STREETS) / (0.9 * self.options.seconds)
        began = int(time.time() * 1000)
        for i, street in enumerate(STREETS):
            self.add(f"publish-{i}", [c.bin("chaos_publish"), doors, f"{keys}/{street}.key", str(i),
                                      str(self.count), f"{rate:.2f}", str(began),
                                      f"{self.folder}/publish-{i}"])
        for code in self.departments:
            self.add(f"subscribe-{code}", [c.bin("chaos_subscribe"), doors, f"{keys}/{code}.key",
                                           str(self.options.sign), f"{self.folder}/{code}"])
        command = f'printf "%s\\n" "$WHISTLE_NOTICE_ID" >>{self.folder}/sent'
        self.add("notify", c.command("NOTIFIER") + ["notify", "--exec", command, "--cursor",
                                                    c.dir + "/cursors/notify"])

    def add(self, name, command):
        self.cluster.processes[name] = Process(self.cluster, name, command).start()

    def group(self, name):
        return name.split("-")[0]

    def watch(self):
        """Whoever ended without being killed: a publisher that is done, or a fault. Started again."""
        for name, process in self.cluster.processes.items():
            if process.alive() or name in self.finished:
                continue
            if self.group(name) == "publish" and process.child.returncode == 0:
                self.finished.add(name)
                continue
            self.faults.append(f"{name} ended with {process.child.returncode}: {process.tail(3)}")
            self.restart(name)

    def restart(self, name):
        if name == "postgres":
            self.cluster.start_postgres()
        elif name in SERVICES:
            self.cluster.start_service(name, wait=False)
        else:
            self.cluster.processes[name].start()

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
            second = self.random.choice(["intake", "dispatch", "postgres"])
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
        if name == "dispatch" or self.group(name) == "subscribe":
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

    def last_task(self, name):
        """Seq of the last task that a department has durably."""
        path = f"{self.folder}/{name.split('-')[1]}"
        try:
            with open(path, "rb") as file:
                file.seek(max(0, os.path.getsize(path) - 262144))
                text = file.read()
        except FileNotFoundError:
            return 0
        text = text[:text.rfind(b"\nR ") + 1]
        at = text.rfind(b"\nT ")
        return 0 if at < 0 else int(text[at + 3:at + 30].split()[0])

    def fail_point(self, service, point):
        """The service starts with the fail point, dies at it, and starts clean."""
        process = self.cluster.processes[service]
        process.kill()
        self.count_kill(service)
        skip = self.random.choice([0, 0, 1, 3, 10]) if "owner" not in point and "rebuild" not in point else 0
        process = self.cluster.start_service(service, wait=False,
                                             WHISTLE_FAILPOINT=f"{point}:{skip}=kill")
        if point.startswith("feed."):  # its followers come with older cursors
            for name in self.random.sample([f"subscribe-{d}" for d in self.departments], 2):
                self.cluster.processes[name].kill()
                self.count_kill(name)
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
        points = [(s, p) for s in SERVICES for p in self.reached]
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

    def acknowledged(self):
        total = 0
        for i in range(len(STREETS)):
            path = f"{self.folder}/publish-{i}"
            if os.path.exists(path):
                with open(path, "rb") as file:
                    total += file.read().count(b"\n")
        return total

    # ---- the end --------------------------------------------------------------------------------

    def drain(self):
        """Everything acknowledged, dispatched, heard and signed; the sender gets a last moment."""
        began = time.monotonic()

        def published():
            self.watch()
            return len(self.finished) == len(STREETS)
        runner.until(published, seconds=self.options.drain, every=0.2)

        def dispatched():
            self.watch()
            a, b = self.cluster.sql("SELECT (SELECT count(*) FROM intake.whistle), "
                                    "(SELECT count(*) FROM dispatch.whistle)")[0]
            return a == b
        runner.until(dispatched, seconds=self.options.drain, every=0.5)
        self.settle()
        return time.monotonic() - began

    def settle(self):
        """The sender ends, then the departments hear the last of it."""
        self.cluster.processes["notify"].stop(60)
        self.finished.add("notify")

        def quiet():
            self.watch()
            before = self.cluster.sql("SELECT seq FROM dispatch.head")
            time.sleep(1.5)
            return before == self.cluster.sql("SELECT seq FROM dispatch.head")
        runner.until(quiet, seconds=self.options.drain)
        head = int(self.cluster.sql("SELECT seq FROM dispatch.head")[0][0])

        def heard():
            self.watch()
            return all(self.last_upto(d) >= head for d in self.departments)
        runner.until(heard, seconds=30)
        for code in self.departments:
            self.cluster.processes[f"subscribe-{code}"].kill()
            self.finished.add(f"subscribe-{code}")

    def last_upto(self, code):
        with open(f"{self.folder}/{code}", "rb") as file:
            file.seek(max(0, os.path.getsize(f"{self.folder}/{code}") - 4096))
            lines = [x for x in file.read().split(b"\n")[:-1] if x.startswith(b"R ")]
        return int(lines[-1].split()[2]) if lines else 0

    def verdict(self):
        """[(name, None or what is wrong)]"""
        result = Verdict(self.cluster, self.folder, len(STREETS), self.count, self.departments)
        rows = []
        for name, check in result.checks():
            try:
                check()
                rows.append((name, None))
            except Exception as error:  # every invariant is judged
                rows.append((name, f"{type(error).__name__}: {error}"))
        self.notices = getattr(result, "notices", {})
        return rows

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
        drained = chaos.drain()
        rows = chaos.verdict()
    except Exception as error:
        rows.append(("the_run_itself", f"{type(error).__name__}: {error}"))
    finally:
        rows += chaos.own_checks()
        result = {"seed": options.seed, "seconds": round(seconds, 1), "drain_s": round(drained, 1),
                  "kills": chaos.total(), "kills_of": chaos.kills,
                  "acknowledged": chaos.acknowledged(),
                  "fail_points": {k: v for k, v in chaos.reached.items()},
                  "notices": getattr(chaos, "notices", {}),
                  **{k: figures(v) for k, v in chaos.times.items()}}
        chaos.cluster.down()
    bad = [r for r in rows if r[1]]
    if not options.json:
        for name, why in rows:
            print(f"FAIL {name}: {why}" if why else f"ok   {name}")
    print(json.dumps(result))
    print(f"{len(rows) - len(bad)} passed, {len(bad)} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
