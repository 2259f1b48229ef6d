# SPDX-License-Identifier: Apache-2.0
"""The load of every chaos test, and its judgement: a cluster, streets that raise whistles at a steady
rate, departments that follow and sign, the sender of notices. Each is a program of its own that writes
down what it was told; at the end every whistle, task, signature, notice and range is held against the
database (verdict.py). Who breaks things, and how, is the single test's.

A test calls start(), breaks things while it calls watch() often, then drain(), verdict() and down().
"""
import json
import os
import signal
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import runner  # noqa: E402
from cluster import DISTRICT, Cluster, Process  # noqa: E402
from verdict import DISPATCHED, JOINED, Verdict, routes  # noqa: E402

STREETS = ("990101002", "990101003", "990101101", "990101201")
SERVICES = ("intake", "dedup", "dispatch")
HOLD_S = "3"  # nobody decides here about what looks alike


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


class Load:
    """whistles: how many in all; seconds: they are spread over nine tenths of it; sign: every n-th
    whistle's tasks are signed; make_cluster(district=FILE, keep=…): another way to a cluster."""

    def __init__(self, whistles, seconds, sign=10, keep=False, make_cluster=Cluster):
        with tempfile.TemporaryDirectory() as folder:
            self.cluster = make_cluster(district=night(folder), keep=keep)
        self.cluster.extra_env = {**self.cluster.extra_env, "WHISTLE_AUTOMATIC": "true",
                                  "WHISTLE_HOLD_S": HOLD_S}
        self.folder = self.cluster.dir + "/chaos"
        self.count = whistles // len(STREETS)
        self.counts = [self.count] * len(STREETS)
        self.rate = self.count / (0.9 * seconds)
        self.sign = sign
        self.departments = ()
        self.faults = []       # whoever ended without being told to
        self.finished = set()  # programs that are not to be started again
        self.notices = {}

    # ---- parts ----------------------------------------------------------------------------------

    def start(self):
        c = self.cluster.up()
        os.makedirs(self.folder)
        c.own(self.folder)
        self.departments = sorted(set().union(*routes(c.district).values()))
        doors, keys = c.dir + "/keys/doors", c.dir + "/keys"
        began = int(time.time() * 1000)
        for i, street in enumerate(STREETS):
            self.add(f"publish-{i}", [c.bin("chaos_publish"), doors, f"{keys}/{street}.key", str(i),
                                      str(self.count), f"{self.rate:.2f}", str(began),
                                      f"{self.folder}/publish-{i}"])
        for code in self.departments:
            self.add(f"subscribe-{code}", [c.bin("chaos_subscribe"), doors, f"{keys}/{code}.key",
                                           str(self.sign), f"{self.folder}/{code}"])
        self.start_sender()

    def start_sender(self):
        c = self.cluster
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

    def enough(self):
        """Streets raise no more; what they raised until now is all there is."""
        for i in range(len(STREETS)):
            self.cluster.processes[f"publish-{i}"].send(signal.SIGUSR1)

        def published():
            self.watch()
            return len(self.finished) == len(STREETS)
        runner.until(published, seconds=60, every=0.1)
        self.counts = [len(rows) for rows in self.published()]

    def published(self):
        """Each street's acknowledged lines "index seq number" up to now."""
        rows = []
        for i in range(len(STREETS)):
            path = f"{self.folder}/publish-{i}"
            with open(path if os.path.exists(path) else os.devnull) as file:
                rows.append([line for line in file if line.endswith("\n")])
        return rows

    def acknowledged(self):
        total = 0
        for i in range(len(STREETS)):
            path = f"{self.folder}/publish-{i}"
            if os.path.exists(path):
                with open(path, "rb") as file:
                    total += file.read().count(b"\n")
        return total

    # ---- the end --------------------------------------------------------------------------------

    def drain(self, seconds=240):
        """Everything acknowledged, dispatched, heard and signed; the sender gets a last moment."""
        began = time.monotonic()

        def published():
            self.watch()
            return len(self.finished) == len(STREETS)
        runner.until(published, seconds=seconds, every=0.2)

        def dispatched():
            self.watch()
            a, b = self.cluster.sql(
                "SELECT (SELECT count(*) FROM intake.whistle), (SELECT count(DISTINCT object) "
                f"FROM dispatch.journal WHERE kind IN ({DISPATCHED}, {JOINED}))")[0]
            return a == b
        runner.until(dispatched, seconds=seconds, every=0.5)
        self.settle(seconds)
        return time.monotonic() - began

    def settle(self, seconds=240):
        """The sender ends, then the departments hear the last of it."""
        self.stop_sender(seconds)

        def quiet():
            self.watch()
            before = self.cluster.sql("SELECT seq FROM dispatch.head")
            time.sleep(1.5)
            return before == self.cluster.sql("SELECT seq FROM dispatch.head")
        runner.until(quiet, seconds=seconds)
        head = int(self.cluster.sql("SELECT seq FROM dispatch.head")[0][0])

        def heard():
            self.watch()
            return all(self.last_upto(d) >= head for d in self.departments)
        runner.until(heard, seconds=30)
        for code in self.departments:
            self.cluster.processes[f"subscribe-{code}"].kill()
            self.finished.add(f"subscribe-{code}")

    def stop_sender(self, seconds):
        """When its cursor has moved at all."""
        runner.until(lambda: os.path.exists(self.cluster.dir + "/cursors/notify"), seconds=seconds)
        self.cluster.processes["notify"].stop(60)
        self.finished.add("notify")

    def last_upto(self, code):
        with open(f"{self.folder}/{code}", "rb") as file:
            file.seek(max(0, os.path.getsize(f"{self.folder}/{code}") - 4096))
            lines = [x for x in file.read().split(b"\n")[:-1] if x.startswith(b"R ")]
        return int(lines[-1].split()[2]) if lines else 0

    def verdict(self, but=()):
        """[(name, None or what is wrong)], without those named."""
        result = Verdict(self.cluster, self.folder, len(STREETS), self.counts, self.departments)
        rows = []
        for name, check in result.checks():
            if name in but:
                continue
            try:
                check()
                rows.append((name, None))
            except Exception as error:  # every invariant is judged
                rows.append((name, f"{type(error).__name__}: {error}"))
        self.notices = getattr(result, "notices", {})
        return rows

    def down(self):
        self.cluster.down()


def report(rows, result, quiet=False):
    """Prints what each check says, the figures as one JSON line and the count; returns the exit code."""
    bad = [name for name, why in rows if why]
    if not quiet:
        for name, why in rows:
            print(f"FAIL {name}: {why}" if why else f"ok   {name}")
    print(json.dumps(result, ensure_ascii=False))
    print(f"{len(rows) - len(bad)} passed, {len(bad)} failed")
    return 1 if bad else 0
