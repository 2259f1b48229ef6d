#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The database is taken away under load, in every way we know, and comes back: stopped, killed, frozen
(SIGSTOP), refusing connections, without room for one more, read-only, its data's disk full, its log's
disk full (PostgreSQL panics and cannot start), both seen coming by the services, nearly full.

    database.py [--times 20] [--seed S] [--json] [--keep]

PostgreSQL's data and its log lie on two small tmpfs (that needs root), filled by a ballast file, and
it runs under deploy/supervise as deploy/up runs it. Meanwhile streets raise and departments sign; at
the end everything is held against the database (verdict.py). No service may end.
"""
import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import runner  # noqa: E402
from cluster import Cluster, TOP  # noqa: E402
from load import SERVICES, Load, figures, report  # noqa: E402

DATA_MB, LOG_MB, MIN_MB, STOP_MB = 512, 256, 96, 32
RATE, EACH_S = 100, 60  # whistles a second; more seconds than a fault takes
BUSY_S, BACK_S = 12, 20  # within which BUSY is told, and writing goes on again
USUAL = {"busy.database", "busy.disk", "busy.starting", "busy.window", "busy.lag"}


class SmallDisks(Cluster):
    """Data and log on tmpfs of their own, PostgreSQL under the supervisor."""
    initdb_options = ("--wal-segsize=1",)
    postgres_settings = "max_wal_size = 32MB\nmin_wal_size = 2MB\nwal_recycle = off\n"

    def __init__(self, **options):
        super().__init__(env={"WHISTLE_MIN_FREE_MB": str(MIN_MB), "WHISTLE_STOP_FREE_MB": str(STOP_MB)},
                         **options)
        self.extra_env["WHISTLE_DATA_DIR"] = self.dir + "/seen"
        self.initdb_options += ("-X", self.dir + "/wal/log")
        self.mounts = []

    def make_database(self):
        for name, mb in (("pg", DATA_MB), ("wal", LOG_MB)):
            path = f"{self.dir}/{name}"
            os.makedirs(path)
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mb}m,mode=0700,uid={self.user},"
                            f"gid={self.group}", "whistle-test", path], check=True)
            self.mounts.append(path)
        self.look("/")
        super().make_database()

    def postgres_command(self):
        supervise = shutil.copy(TOP + "/deploy/supervise", self.dir + "/bin/supervise")
        return ["env", "STOP_SIGNAL=INT", supervise, self.dir + "/run", "postgres",
                self.dir + "/log/server.log", *super().postgres_command()]

    def look(self, folder):
        """Where the services look for free space."""
        os.symlink(folder, self.dir + "/seen.new")
        os.rename(self.dir + "/seen.new", self.dir + "/seen")

    def postmaster(self):
        with open(self.dir + "/run/postgres.pid") as file:
            return int(file.read())

    def server_pids(self):
        pid = self.postmaster()
        with open(f"/proc/{pid}/task/{pid}/children") as children:
            return [pid] + [int(child) for child in children.read().split()]

    def down(self):
        keep, self.keep = self.keep, True
        super().down()
        for path in reversed(self.mounts):
            subprocess.run(["umount", "-l", path], check=True)
        if not keep:
            shutil.rmtree(self.dir, ignore_errors=True)


class Fault:
    """begin(), press() again and again while it lasts, end(). rules: what intake's door says of it;
    hold_s: how long it lasts after that was heard."""
    rules, hold_s = ("busy.database",), 2

    def __init__(self, cluster):
        self.cluster = cluster

    def press(self):
        pass

    def held(self, load):
        """After hold_s of it: what is wrong."""
        return None

    def signal(self, number):
        for pid in self.cluster.server_pids():
            os.kill(pid, number)

    def configure(self, *statements):
        for statement in statements:
            self.cluster.sql(statement)
        self.cluster.sql("SELECT pg_reload_conf()")

    def end_sessions(self):
        self.cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                         "WHERE usename IN ('whistle_intake', 'whistle_dispatch')")


class Stopped(Fault):
    def begin(self):
        self.cluster.processes["postgres"].send(signal.SIGSTOP)  # the supervisor does not see it
        os.kill(self.cluster.postmaster(), signal.SIGINT)

    def end(self):
        self.cluster.processes["postgres"].send(signal.SIGCONT)


class Killed(Fault):
    """The supervisor starts it again at once."""
    rules, hold_s = ("busy.database", "busy.starting"), 0

    def begin(self):
        os.kill(self.cluster.postmaster(), signal.SIGKILL)

    def end(self):
        pass


class Frozen(Fault):
    def begin(self):
        self.signal(signal.SIGSTOP)

    def end(self):
        self.signal(signal.SIGCONT)


class Refusing(Fault):
    def write(self, lines):
        with open(self.cluster.dir + "/pg/pg_hba.conf", "w") as file:
            file.write(lines + "local all all trust\n")
        self.configure()

    def begin(self):
        self.write("local all whistle_intake,whistle_dispatch reject\n")
        self.end_sessions()

    def end(self):
        self.write("")


class Crowded(Fault):
    def begin(self):
        self.configure(*(f"ALTER ROLE whistle_{name} CONNECTION LIMIT 0" for name in SERVICES))
        self.end_sessions()

    def end(self):
        self.configure(*(f"ALTER ROLE whistle_{name} CONNECTION LIMIT -1" for name in SERVICES))


class ReadOnly(Fault):
    def begin(self):
        self.configure("ALTER SYSTEM SET default_transaction_read_only = on")

    def end(self):
        self.configure("ALTER SYSTEM RESET default_transaction_read_only")


class DataFull(Fault):
    """The services do not look at the disk: the database says it."""
    rules, disk, leave_mb, seen = ("busy.disk",), "pg", 0, False

    def begin(self):
        self.cluster.look(self.cluster.dir + "/pg" if self.seen else "/")
        self.press()

    def press(self):
        """What was freed meanwhile is filled too."""
        path = f"{self.cluster.dir}/{self.disk}"
        disk = os.statvfs(path)
        more = disk.f_bavail * disk.f_frsize - (self.leave_mb << 20)
        with open(path + "/ballast", "ab") as file:
            while more > 0:
                try:
                    os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), more)
                    return
                except OSError:  # PostgreSQL was quicker with some of it
                    more //= 2

    def end(self):
        os.unlink(f"{self.cluster.dir}/{self.disk}/ballast")


class LogFull(DataFull):
    """PostgreSQL panics, and cannot start again before there is room."""
    rules, disk, hold_s = ("busy.database",), "wal", 4
    panics = True

    def panicked(self):
        with open(self.cluster.dir + "/log/server.log") as file:
            return sum("PANIC" in line for line in file)

    def begin(self):
        self.before = self.panicked()
        super().begin()

    def held(self, load):
        return "PostgreSQL did not panic" if self.panics and self.panicked() == self.before else None


class DataFullSeen(DataFull):
    leave_mb, seen = STOP_MB // 2, True


class LogFullSeen(LogFull):
    rules, leave_mb, seen, panics = ("busy.disk",), STOP_MB // 2, True, False

    def held(self, load):
        return None if self.panicked() == self.before else "PostgreSQL panicked all the same"


class NearlyFull(DataFull):
    """New whistles wait; P1 and what departments do go on."""
    leave_mb, seen, hold_s = (MIN_MB + STOP_MB) // 2, True, 4

    def held(self, load):
        """A second for what was on its way, then only P1 (every 50th of a street) may pass."""
        time.sleep(1)
        before = [len(rows) for rows in load.published()]
        time.sleep(2)
        passed = [row for old, rows in zip(before, load.published()) for row in rows[old:]]
        others = [row for row in passed if int(row.split()[0]) % 50]
        if others or not passed:
            return f"{len(others)} others and {len(passed) - len(others)} P1 passed"
        return None


KINDS = (LogFull, Frozen, NearlyFull, DataFull, Stopped, Refusing, DataFullSeen, ReadOnly, Crowded,
         Killed, LogFullSeen)


class Test:
    def __init__(self, options):
        self.random = random.Random(options.seed)
        self.kinds = [KINDS[i % len(KINDS)] for i in range(options.times)]
        self.random.shuffle(self.kinds)
        self.load = Load(RATE * options.times * EACH_S, options.times * EACH_S / 0.9, keep=options.keep,
                         make_cluster=SmallDisks)
        self.cluster = self.load.cluster
        self.busy, self.back, self.wrong = {}, {}, []

    # ---- what is seen ---------------------------------------------------------------------------

    def told(self, name="intake"):
        """{rule: times} that a door said BUSY, or refused."""
        return {k.split('"')[-2]: v for k, v in self.cluster.metrics(name).items()
                if k.startswith(("whistle_busy_total", "whistle_refused_total"))}

    def ready(self):
        return all(self.cluster.ready(name) for name in SERVICES)

    def await_busy(self, fault, before, began):
        """Until one of the fault's rules is said; seconds."""
        while time.monotonic() - began < BUSY_S:
            fault.press()
            told = self.told()
            if any(told.get(rule, 0) > before.get(rule, 0) for rule in fault.rules):
                return time.monotonic() - began
            time.sleep(0.02)
        self.wrong.append(f"{type(fault).__name__}: no {fault.rules} within {BUSY_S} s: {self.told()}")
        return BUSY_S

    def await_back(self, name):
        began, before = time.monotonic(), self.load.acknowledged()
        while time.monotonic() - began < BACK_S:
            if self.ready() and self.load.acknowledged() > before:
                return time.monotonic() - began
            time.sleep(0.02)
        self.wrong.append(f"{name}: not back within {BACK_S} s")
        runner.until(self.ready, seconds=60)
        return BACK_S

    # ---- one fault ------------------------------------------------------------------------------

    def one(self, kind):
        fault, name = kind(self.cluster), kind.__name__
        before, before_dispatch = self.told(), self.told("dispatch")
        began = time.monotonic()
        fault.begin()
        self.busy.setdefault(name, []).append(self.await_busy(fault, before, began))
        self.hold(fault)
        if why := fault.held(self.load):
            self.wrong.append(f"{name}: {why}")
        fault.end()
        self.back.setdefault(name, []).append(self.await_back(name))
        strange = self.new(before, self.told()) | self.new(before_dispatch, self.told("dispatch"))
        strange -= USUAL
        if strange:
            self.wrong.append(f"{name}: the door said {strange}")
        self.load.watch()

    def new(self, before, now):
        return {rule for rule, n in now.items() if n > before.get(rule, 0)}

    def hold(self, fault):
        end = time.monotonic() + fault.hold_s
        while time.monotonic() < end:
            fault.press()
            time.sleep(0.1)

    def run(self):
        self.load.start()
        pids = {name: self.cluster.processes[name].child.pid for name in SERVICES}
        runner.until(lambda: self.load.acknowledged() > 0)
        for number, kind in enumerate(self.kinds):
            time.sleep(self.random.uniform(0.5, 2))
            self.one(kind)
            print(f"{number + 1:3d} {kind.__name__:12s} busy after {self.busy[kind.__name__][-1]:.2f} s,"
                  f" back after {self.back[kind.__name__][-1]:.2f} s", file=sys.stderr, flush=True)
        self.load.enough()
        drained = self.load.drain()
        rows = self.load.verdict()
        ended = [n for n in SERVICES if self.cluster.processes[n].child.pid != pids[n]]
        rows += [("nobody ended", "; ".join(self.load.faults + ended) or None),
                 ("BUSY in time, with its reason, and back by itself", "; ".join(self.wrong) or None)]
        return rows, {"times": len(self.kinds), "acknowledged": self.load.acknowledged(),
                      "drained_s": round(drained, 1),
                      "busy_after": figures(sum(self.busy.values(), [])),
                      "back_after": figures(sum(self.back.values(), [])),
                      "kinds": {k: {"n": len(v), "busy_s": round(max(self.busy[k]), 2),
                                    "back_s": round(max(v), 2)} for k, v in self.back.items()},
                      "told": {rule: round(n) for rule, n in self.told().items() if n}}


def may_mount():
    with tempfile.TemporaryDirectory() as folder:
        if subprocess.run(["mount", "-t", "tmpfs", "whistle-test", folder]).returncode != 0:
            return False
        return subprocess.run(["umount", folder]).returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="only the line of figures and the count")
    parser.add_argument("--keep", action="store_true", help="leave the folder")
    options = parser.parse_args()
    if not may_mount():
        print("not run: tmpfs cannot be mounted here\n0 passed, 0 failed")
        return 0
    test = Test(options)
    try:
        rows, result = test.run()
    finally:
        test.load.down()
    return report(rows, result, options.json)


if __name__ == "__main__":
    sys.exit(main())
