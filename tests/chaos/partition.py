#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The partition test: streets, intake, its standby, dispatch, PostgreSQL, departments and the sender of
notices each in a network namespace of its own, over tcp; connections between them are cut one way, both
ways or by resets, for seeded random times, while streets raise whistles. Then every whistle, task,
signature, notice and range is held against the database (verdict.py).

    partition.py [--cuts N] [--whistles N] [--shortest S] [--longest S] [--at-once N] [--only PAIR]
                 [--seed S] [--json] [--keep]

Half-open is what one end takes for an open connection and the other does not answer. Measured at both
ends, in the kernel's table: from the cut until neither end has an open connection across it. A cut that
heals before that says nothing about it and is counted apart.
"""
import argparse
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import load  # noqa: E402  first: it finds tests/support
from load import Load, figures  # noqa: E402
from cluster import Cluster  # noqa: E402
from netns import Network, unavailable  # noqa: E402

PARTIES = ("postgres", "intake", "standby", "dedup", "dispatch", "street", "dept-a", "dept-b", "sender")
# Who calls whom. OWNER and SPARE: the intake that serves and the one that stands by.
PAIRS = (("street", "OWNER"), ("OWNER", "postgres"), ("SPARE", "postgres"), ("dedup", "postgres"),
         ("dedup", "OWNER"), ("dispatch", "postgres"), ("dispatch", "dedup"), ("dispatch", "OWNER"),
         ("dept-a", "dispatch"), ("dept-b", "dispatch"), ("sender", "dispatch"),
         ("sender", "OWNER"))
KINDS = ("to", "from", "both", "reset")
NOTICED_S, WHOLE_S, MEMORY_MIB, GROWTH_MIB = 10.0, 20.0, 128, 16
INSTANCES = ("intake", "intake-b", "dedup", "dispatch")
HEARS = {"dedup": ("intake", "p1", "ends"), "dispatch": ("dedup", "urgent", "p1")}


class NetCluster(Cluster):
    """Every part in the namespace of its party; doors, feeds and PostgreSQL over tcp."""

    def __init__(self, district, keep):
        self.network = Network(PARTIES)
        self.listen = self.network.ip["postgres"]
        super().__init__(standby=("intake-b",), district=district, keep=keep)

    def party(self, name):
        kind, _, rest = name.partition("-")
        if name == "intake-b":
            return "standby"
        if kind == "subscribe":
            return "dept-a" if sum(map(ord, rest)) % 2 else "dept-b"
        return {"publish": "street", "notify": "sender", "whistle": "street"}.get(kind, kind)

    def within(self, name, what):
        return self.network.inside(self.party(name), what)

    def endpoint(self, instance, kind):
        return f"tcp://{self.network.ip[self.party(instance)]}:{7001 if kind == 'door' else 7002}"

    def service_env(self, instance):
        user = "whistle_" + instance.split("-")[0]
        return {**super().service_env(instance),
                "WHISTLE_DATABASE": f"host={self.listen} dbname=whistle user={user}"}

    def up(self):
        self.network.up()
        super().up()
        self.start_service("intake-b", wait=False)
        return self

    def down(self):
        super().down()
        self.network.down()


class Cut(threading.Thread):
    """One cut from beginning to end, watched at both ends."""

    def __init__(self, network, pair, kind, seconds):
        super().__init__()
        self.network, self.pair, self.kind, self.seconds = network, pair, kind, seconds
        self.noticed = self.error = None

    def open(self):
        a, b = self.pair
        return self.network.established(a, b), self.network.established(b, a)

    def run(self):
        try:
            self.before = self.open()
            began = time.monotonic()
            self.network.cut(*self.pair, self.kind)
            while time.monotonic() - began < self.seconds:
                if self.noticed is None and self.open() == (0, 0):
                    self.noticed = time.monotonic() - began
                time.sleep(0.1)
            self.after = self.open()
            self.network.heal(*self.pair, self.kind)
        except Exception as error:  # told by who waits for us
            self.error = error

    def overlooked(self):
        """Long enough to be noticed in time, and was not."""
        return self.seconds >= NOTICED_S and (self.noticed is None or self.noticed > NOTICED_S)


class Partition(Load):
    def __init__(self, options):
        seconds = -(-options.cuts // options.at_once) * (options.longest + 3)
        super().__init__(options.whistles or int(60 * seconds), seconds, options.sign, options.keep,
                         NetCluster)
        self.options = options
        self.random = random.Random(options.seed)
        self.cuts, self.whole, self.memory = [], [], {i: {} for i in INSTANCES}
        self.slow = []
        self.turns = []  # pairs still to be cut in this round

    def restart(self, name):
        if name == "intake-b":
            self.cluster.processes[name].start()
        else:
            super().restart(name)

    # ---- how things stand -------------------------------------------------------------------------

    def figure(self, instance, series):
        return self.cluster.metrics(instance).get(series)

    def serving(self, instance):
        service = instance.split("-")[0]
        return self.figure(instance, f'whistle_serving{{service="{service}"}}') == 1

    def owner(self):
        return next((i for i in ("intake", "intake-b") if self.serving(i)), None)

    def trouble(self):
        """None when all services serve, the other intake stands by, streets that have something
        to say are connected, dedup hears intake, dispatch dedup, everybody dispatch; else what is wrong."""
        self.watch()
        owner = self.owner()
        if not owner:
            return "no intake serves"
        spare = "intake-b" if owner == "intake" else "intake"
        if self.figure(spare, 'whistle_standby{service="intake"}') != 1:
            return "nobody stands by"
        talking = any(n.startswith("publish-") and n not in self.finished for n in self.cluster.processes)
        if talking and not self.cluster.network.established("street", self.cluster.party(owner)):
            return "no street is connected"
        for service, feeds in HEARS.items():
            m = self.cluster.metrics(service)
            if m.get(f'whistle_serving{{service="{service}"}}') != 1:
                return f"{service} does not serve"
            for feed in feeds:
                if m[f'whistle_followed_connected{{service="{service}",feed="{feed}"}}'] != 1:
                    return f"{service} does not hear {feed}"
        ears = {k: v for k, v in m.items() if k.startswith("whistle_follower_connected")}
        if len(ears) <= len(self.departments) or min(ears.values()) != 1:
            return f"away: {[k for k, v in ears.items() if v != 1]} of {len(ears)}"
        behind = [f"{k} {v}" for k, v in m.items()
                  if k.startswith("whistle_follower_lag_seconds") and "notices" not in k and v >= 5]
        return f"behind: {behind}" if behind else None

    def wait_whole(self, seconds):
        """How long it took; what took longer than 5 s is noted with its last trouble."""
        began, last = time.monotonic(), None
        while (trouble := self.trouble()) is not None:
            last = trouble
            if time.monotonic() - began > seconds:
                raise AssertionError(f"not whole again within {seconds} s: {trouble}")
            time.sleep(0.2)
        took = time.monotonic() - began
        if took > 5:
            self.slow.append(f"{took:.1f} s: {last}")
        return took

    def measure_memory(self, when):
        for instance in INSTANCES:
            service = instance.split("-")[0]
            self.memory[instance][when] = round(self.figure(
                instance, f'process_resident_memory_bytes{{service="{service}"}}') / 2**20, 1)

    # ---- cutting ----------------------------------------------------------------------------------

    def choose(self):
        """Every pair in turn, in a new order each round; as parties."""
        if not self.turns:
            pairs = [p for p in PAIRS if self.options.only in ("", "-".join(p))]
            self.turns = self.random.sample(pairs, len(pairs))
        owner = self.cluster.party(self.owner())
        roles = {"OWNER": owner, "SPARE": "standby" if owner == "intake" else "intake"}
        pair = self.turns.pop()
        return pair, tuple(roles.get(p, p) for p in pair)

    def wave(self, n):
        cuts = []
        for _ in range(n):
            named, pair = self.choose()
            seconds = self.random.uniform(self.options.shortest, self.options.longest)
            cut = Cut(self.cluster.network, pair, self.random.choice(KINDS), seconds)
            cut.named = named
            cuts.append(cut)
        for cut in cuts:
            cut.start()
        while any(cut.is_alive() for cut in cuts):
            self.watch()
            time.sleep(0.1)
        for cut in cuts:
            if cut.error:
                raise cut.error
        self.cuts += cuts
        self.whole.append(self.wait_whole(120))

    def run(self):
        told = began = time.monotonic()
        self.wait_whole(60)
        while len(self.cuts) < self.options.cuts:
            if "half" not in self.memory["intake"] and 2 * len(self.cuts) >= self.options.cuts:
                self.measure_memory("half")
            self.wave(min(self.options.at_once, self.options.cuts - len(self.cuts)))
            if time.monotonic() - told > 10:
                told = time.monotonic()
                print(f"{told - began:6.0f} s  {len(self.cuts):4d} cuts  {self.acknowledged():7d} "
                      "acknowledged", file=sys.stderr, flush=True)
        self.measure_memory("last")
        return time.monotonic() - began

    # ---- judging ----------------------------------------------------------------------------------

    def own_checks(self):
        late = [f"{'-'.join(c.named)} {c.kind} {c.seconds:.0f} s: "
                + (f"after {c.noticed:.1f} s" if c.noticed else f"{c.after} open at the end")
                for c in self.cuts if c.overlooked()]
        fat = [f"{i} {m['half']} to {m['last']} MiB" for i, m in self.memory.items()
               if m["last"] > MEMORY_MIB or m["last"] - m["half"] > GROWTH_MIB]
        silent = [c.named for c in self.cuts if sum(c.before) == 0 and c.named != ("sender", "OWNER")]
        return [
            ("nobody_ended_by_himself", "; ".join(self.faults[:5]) or None),
            ("every_cut_met_an_open_connection", f"{silent[:5]}" if silent else None),
            ("half_open_was_noticed", "; ".join(late[:5]) or None),
            ("whole_again_without_a_hand", None if max(self.whole) <= WHOLE_S
             else f"{max(self.whole):.1f} s"),
            ("memory_stayed", "; ".join(fat) or None),
        ]

    def result(self):
        pairs = {}
        for cut in self.cuts:
            name = "-".join(cut.named)
            pairs[name] = pairs.get(name, 0) + 1
        return {"cuts": len(self.cuts), "pairs": pairs,
                "kinds": {k: sum(c.kind == k for c in self.cuts) for k in KINDS},
                "noticed": figures([c.noticed for c in self.cuts if c.noticed and sum(c.before)]),
                "idle": sum(not sum(c.before) for c in self.cuts),
                "healed_before": sum(c.noticed is None and c.seconds < NOTICED_S for c in self.cuts),
                "whole_again": figures(self.whole), "slow": self.slow,
                "memory_mib": self.memory}


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cuts", type=int, default=100)
    parser.add_argument("--whistles", type=int, default=0, help="default: 60 a second")
    parser.add_argument("--shortest", type=float, default=1)
    parser.add_argument("--longest", type=float, default=20)
    parser.add_argument("--only", default="", help="one pair: " + " ".join(map("-".join, PAIRS)))
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--sign", type=int, default=10)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", action="store_true")
    return parser.parse_args()


def main():
    options = parse()
    why = unavailable()
    if why:
        print(f"skipped: no network namespaces here: {why}\n0 passed, 0 failed")
        return 0
    test = Partition(options)
    try:
        test.start()
        seconds = test.run()
        drained = test.drain()
        rows = test.own_checks() + test.verdict()
        result = {"seed": options.seed, "seconds": round(seconds), "drained_s": round(drained, 1),
                  "acknowledged": test.acknowledged(), **test.result(), "notices": test.notices}
        return load.report(rows, result, options.json)
    finally:
        test.down()
        if options.keep:
            print(test.cluster.dir, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
