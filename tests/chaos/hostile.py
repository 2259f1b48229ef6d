#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hostile input against live doors and feeds while streets raise and departments follow: mutated
frames from peers with good keys (a department, a street and a community that nobody called), unknown
keys, wrong server keys, connections without CURVE, forged names of connections, raw noise instead of a
handshake, and connections that never say a word: 1,500 at intake's door, as many spread over the other
sockets, where a process may open 1,024 files until it asks for more. Nothing may crash, grow, hear or
touch what is not its own, and honest clients are served all the while (verdict.py, and a question every
second).

    hostile.py [--frames N] [--idle N] [--seed S] [--json] [--keep]

With a build under ASan (WHISTLE_BUILD) a leak or a bad access ends a service and fails the run.
"""
import argparse
import json
import os
import random
import resource
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import load  # noqa: E402  first: it finds tests/support
from load import SERVICES, STREETS, Load  # noqa: E402
import runner  # noqa: E402

import zmq  # noqa: E402

ATTACKERS = ("990101001", "990101001002", "JUSTICE")  # a street, a community, a department
TARGETS = (("door", "intake"), ("door", "dispatch"), ("feed", "intake"), ("feed", "dispatch"),
           ("door", "dedup"), ("feed", "dedup"))
MARKER = "chaos-"  # in the text of every whistle of the load
PROBE_STREET = STREETS[0]
SANITIZED = "sanitized" in os.environ.get("WHISTLE_BUILD", "")
ANSWER_S = 10.0 if SANITIZED else 2.0  # an honest question's longest wait
MEMORY_MB = 128
GROWTH_MB = 24


def zmq_key(cluster, name):
    """(public, secret) of a key file."""
    with open(f"{cluster.dir}/keys/{name}.key") as file:
        words = dict(line.split(None, 1) for line in file if line.strip() and line[0] != "#")
    return words["public"].strip().encode(), words["secret"].strip().encode()


class Idle(threading.Thread):
    """Holds `count` connections to a socket's path open; half of them say the first bytes of a
    handshake and then nothing. Opens anew what the other side closes."""

    def __init__(self, path, count):
        super().__init__(daemon=True)
        self.path, self.count, self.ended = path, count, False
        self.most = self.opened = 0

    def one(self, index):
        s = socket.socket(socket.AF_UNIX)
        s.setblocking(False)
        try:
            s.connect(self.path)
            if index % 2:
                s.send(b"\xff\0\0\0\0\0\0\0\1\x7f")
        except BlockingIOError:
            pass
        except OSError:
            s.close()
            return None
        self.opened += 1
        return s

    @staticmethod
    def closed(s):
        try:
            while True:
                if not s.recv(4096):
                    return True
        except BlockingIOError:
            return False
        except OSError:
            return True

    def run(self):
        held = []
        while not self.ended:
            for s in [s for s in held if self.closed(s)]:
                held.remove(s)
                s.close()
            while len(held) < self.count and not self.ended:
                made = self.one(len(held))
                if made is None:
                    break
                held.append(made)
            self.most = max(self.most, len(held))
            time.sleep(0.2)
        for s in held:
            s.close()


class Noise(threading.Thread):
    """Raw bytes instead of a handshake: noise, a greeting cut, a greeting with bent bytes."""

    def __init__(self, paths, seed):
        super().__init__(daemon=True)
        self.paths, self.random, self.ended, self.sent = paths, random.Random(seed), False, 0

    def bytes(self):
        greeting = bytearray(b"\xff\0\0\0\0\0\0\0\1\x7f\3\1" + b"CURVE".ljust(20, b"\0") + b"\0" * 32 +
                             b"\4\xc8\5HELLO\1\0" + b"\0" * 192)
        kind = self.random.randrange(3)
        if kind == 0:
            return self.random.randbytes(self.random.randrange(1, 400))
        for _ in range(self.random.randrange(1, 5)):
            greeting[self.random.randrange(len(greeting))] = self.random.randrange(256)
        return bytes(greeting[:self.random.randrange(1, len(greeting))] if kind == 1 else greeting)

    def run(self):
        while not self.ended:
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(0.05)
                try:
                    s.connect(self.random.choice(self.paths))
                    s.send(self.bytes())
                    s.recv(256)
                except OSError:
                    pass
            self.sent += 1
            time.sleep(0.01)


class Probe(threading.Thread):
    """One honest question a second from a street; how long each took."""

    def __init__(self, cluster):
        super().__init__(daemon=True)
        self.cluster, self.ended, self.seconds, self.faults = cluster, False, [], []

    def run(self):
        while not self.ended:
            began = time.monotonic()
            try:
                self.cluster.whistle(PROBE_STREET, "list", "--open")
            except Exception as error:
                self.faults.append(str(error)[:200])
            self.seconds.append(time.monotonic() - began)
            time.sleep(1)


class Memory(threading.Thread):
    """What each service holds in RAM, in MiB, twice a second."""

    def __init__(self, cluster):
        super().__init__(daemon=True)
        self.cluster, self.ended, self.looks = cluster, False, {s: [] for s in SERVICES}

    def run(self):
        while not self.ended:
            for name, looks in self.looks.items():
                with open(f"/proc/{self.cluster.processes[name].child.pid}/statm") as file:
                    looks.append(int(file.read().split()[1]) * 4096 / 2**20)
            time.sleep(0.5)


class Hostile(Load):
    def __init__(self, options):
        seconds = max(25.0, options.frames / 8000)
        super().__init__(int(20 * seconds), seconds, keep=options.keep)
        self.options, self.seconds = options, seconds
        self.told, self.rows = [], []

    def start(self):
        """The services begin with the usual soft limit; we ourselves need more."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
        super().start()
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 16384)), hard))

    def path(self, kind, name):
        return f"{self.cluster.dir}/run/{name}.{kind}"

    def words(self):
        """Names that exist, for the attackers: the first whistles, their tasks, units and bodies."""
        runner.until(lambda: self.acknowledged() > 40, seconds=30)
        names = ["AL-20990101-0001"]
        names += [w["number"] for w in self.cluster.whistle("DISTRICT", "list")[0]["whistles"]][:25]
        names += [t["id"] for t in self.cluster.whistle("FIRE", "tasks")[0]["tasks"]][:50]
        path = self.cluster.dir + "/words"
        with open(path, "w") as file:
            file.write("\n".join([*names, *self.departments, *STREETS, "DISTRICT", "OPERATOR", "intake",
                                  "fire-1", "police-1", "notices", "dispatch", "p1"]) + "\n")
        return path

    def attack(self):
        c, options = self.cluster, self.options
        words = self.words()
        share = options.frames // (len(ATTACKERS) * len(TARGETS))
        counts = [options.idle] + [options.idle // 3] * 3
        idle = [Idle(self.path(*t), n) for t, n in zip(TARGETS, counts)]
        noise = Noise([self.path(*t) for t in TARGETS], options.seed)
        probe, memory = Probe(c), Memory(c)
        threads = [*idle, noise, probe, memory]
        for thread in threads:
            thread.start()
        began, jobs = time.monotonic(), []
        for i, (who, target) in enumerate((w, t) for w in ATTACKERS for t in TARGETS):
            jobs.append(subprocess.Popen(
                [c.bin("chaos_hostile"), f"{c.dir}/keys/doors", *target, f"{c.dir}/keys/{who}.key",
                 str(share), str(options.seed + i), words, MARKER], stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True))
        self.strangers()
        while any(j.poll() is None for j in jobs):
            self.watch()
            time.sleep(0.5)
            if time.monotonic() - began > 30 * 60:
                raise RuntimeError("the attackers do not come to an end")
        self.took = time.monotonic() - began
        for thread in threads:
            thread.ended = True
        for thread in threads:
            thread.join(20)
        self.told = [self.outcome(j) for j in jobs]
        self.idle, self.noise, self.probe, self.memory = idle, noise, probe, memory.looks

    @staticmethod
    def outcome(job):
        text = job.stdout.read()
        try:
            return {**json.loads(text.splitlines()[-1]), "exit": job.returncode}
        except (ValueError, IndexError):
            return {"exit": job.returncode, "text": text[-300:], "sent": 0, "foreign": 0, "events": 0,
                    "done": 0, "unanswered": 0, "errors": {}}

    # ---- who has no key -----------------------------------------------------------------------------

    def strangers(self):
        """Each opens a connection of its kind and asks; nobody may get so much as one byte."""
        c, context = self.cluster, zmq.Context()
        good_public, good_secret = zmq_key(c, ATTACKERS[2])
        victim_public, _ = zmq_key(c, "FIRE")
        heard = []
        for kind, name in TARGETS:
            server = c.public_key(name).encode()
            other = zmq.curve_keypair()
            kinds = {
                "unknown key": dict(server=server, public=other[0], secret=other[1]),
                "another's public key": dict(server=server, public=victim_public, secret=good_secret),
                "wrong server key": dict(server=other[0], public=good_public, secret=good_secret),
                "no CURVE": {},
                "PLAIN": dict(plain=True),
            }
            for text, key in kinds.items():
                s = context.socket(zmq.DEALER)
                s.linger = 0
                if key.get("plain"):
                    s.plain_username, s.plain_password = b"FIRE", b"FIRE"
                elif key:
                    s.curve_serverkey = key["server"]
                    s.curve_publickey, s.curve_secretkey = key["public"], key["secret"]
                s.connect(f"ipc://{self.path(kind, name)}")
                s.send(b"\x1a\x0c\x0a\x08dispatch\x40\x64", zmq.NOBLOCK)
                if s.poll(400):
                    heard.append(f"{kind} {name}: {text}")
                s.close()
        context.term()
        self.rows.append(("no_stranger_is_answered", ", ".join(heard) or None))

    # ---- judgement ----------------------------------------------------------------------------------

    def own_checks(self):
        rows = list(self.rows)

        def add(name, why):
            rows.append((name, why or None))
        bad = [t for t in self.told if t["exit"] != 0]
        add("every_attacker_came_to_its_end", str(bad[:2]) if bad else None)
        add("nothing_foreign_was_heard", "".join(f"{t}" for t in self.told if t["foreign"])[:400])
        add("every_readable_command_was_answered",
            "".join(f"{t}" for t in self.told if t["unanswered"])[:400])
        add("no_event_of_an_attacker", self.events_of_attackers())
        for name, values in self.memory.items():
            tail = max(values[len(values) * 3 // 4:], default=0)
            early = max(values[:max(1, len(values) // 4)], default=0)
            good = len(values) > 4 and max(values) < MEMORY_MB and tail - early < GROWTH_MB
            if not SANITIZED:  # ASan keeps what was freed
                add(f"memory_{name}",
                    None if good else f"{early:.0f} → {tail:.0f} MiB, {len(values)} looks")
        slow = sorted(self.probe.seconds)[-1] if self.probe.seconds else 99
        add("honest_clients_are_served", "; ".join(self.probe.faults[:3]) or
            (f"{slow:.1f} s" if slow > ANSWER_S else None))
        held = [i.most / i.count for i in self.idle]
        add("idle_connections_were_held", None if min(held) >= 0.95 else str(held))
        add("nobody_ended_by_himself", "; ".join(self.faults[:5]))
        return rows

    def events_of_attackers(self):
        """What an attacker did may stand in a journal only where it is its own matter: nothing is."""
        found = []
        for schema in SERVICES:
            for who in ATTACKERS:
                found += [f"{schema} {who} kind {k}: {n}" for k, n in self.cluster.sql(
                    f"SELECT kind, count(*) FROM {schema}.journal WHERE object <> 0 AND "
                    f"position('\\x0a{len(who):02x}{who.encode().hex()}'::bytea in body) > 0 GROUP BY 1")]
        return "; ".join(found)

    def figures(self):
        total = {k: sum(t.get(k, 0) for t in self.told) for k in
                 ("sent", "unsent", "connections", "done", "answers", "unanswered", "events", "foreign")}
        errors = {}
        for t in self.told:
            for status, n in t["errors"].items():
                errors[status] = errors.get(status, 0) + n
        return {**total, "errors": errors, "seconds": round(self.took, 1),
                "idle_held": sum(i.most for i in self.idle),
                "idle_opened": sum(i.opened for i in self.idle),
                "noise": self.noise.sent, "probe": load.figures(self.probe.seconds),
                "memory_mb": {n: round(max(v, default=0), 1) for n, v in self.memory.items()},
                "acknowledged": self.acknowledged()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--idle", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--json", action="store_true", help="only the line of figures")
    parser.add_argument("--keep", action="store_true", help="leave the folder behind")
    options = parser.parse_args()
    hostile, rows, result = Hostile(options), [], {}
    try:
        hostile.start()
        hostile.attack()
        hostile.drain()
        rows = hostile.verdict()
        rows += hostile.own_checks()
        result = hostile.figures()
        codes = {n: hostile.cluster.processes[n].stop() for n in SERVICES}
        rows.append(("services_end_with_0", None if not any(codes.values()) else str(codes)))
    except Exception as error:
        rows.append(("the_run_itself", f"{type(error).__name__}: {error}"))
    finally:
        hostile.down()
    return load.report(rows, result, options.json)


if __name__ == "__main__":
    sys.exit(main())
