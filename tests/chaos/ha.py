#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The primary of a Patroni cluster dies again and again while streets raise whistles and departments
follow; two instances of each service are the clients. Then everything is held against what is left of
the database (verdict.py).

    ha.py [--kills N] [--rate R] [--seed S] [--keep]

The primary's ends, in turn, the first two always:
  power     Patroni and every process of PostgreSQL at once (the node comes back after the fail-over)
  postgres  PostgreSQL alone; Patroni starts it again or hands over
  frozen    everything stands still and no connection is reset, as when the network is cut; it wakes up
            when another one is primary, and must not be believed
  patroni   Patroni alone: PostgreSQL goes on as a primary that has lost its lease
Not counted among them, in between:
  standby   the standby dies; commits go on once Patroni has let it go
  etcd      etcd dies for longer than a lease: nothing happens
  both      both nodes lose power at once and come back
After each the old node must be back as synchronous standby before the next. Where Patroni and etcd cannot
be had: one line "skipped: …".

Measured are Patroni's time (until the database takes a commit again) and what comes on top until a street
has an acknowledgement and a department a task: at most 5 s.
"""
import argparse
import os
import random
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import load  # noqa: E402  first: it finds tests/support
from load import STREETS, Load  # noqa: E402
import runner  # noqa: E402
from patroni import PatroniCluster, Probe, Skipped, signal_all  # noqa: E402

EXTRA_S = 5.0
PATRONI_S = 60
CYCLE_S = 34  # at least what one round takes: the load lasts for all of them
STANDBYS = ("intake-b", "dedup-b", "dispatch-b")
ENDS = ("power", "frozen", "postgres", "power", "patroni")
OTHERS = ("standby", "etcd", "both")


class Failover(Load):
    def __init__(self, options):
        times = {"ttl": options.ttl, "loop_wait": 1, "retry_timeout": 3}
        self.rounds = options.kills + options.others
        super().__init__(options.rate * CYCLE_S * self.rounds, CYCLE_S * self.rounds, keep=options.keep,
                         make_cluster=lambda **how: PatroniCluster(times, standby=STANDBYS, **how))
        self.random = random.Random(options.seed)
        self.options, self.told = options, []

    def start(self):
        super().start()
        for name in STANDBYS:
            self.cluster.start_service(name, wait=False)
        runner.until(lambda: self.last_task("subscribe-FIRE") > 0, 30)

    def ends(self):
        """The order of ends: every kind where there is room, the others among them."""
        kinds = [ENDS[i % len(ENDS)] for i in range(self.options.kills)]
        for i in range(self.options.others):
            kinds.insert((i + 1) * self.options.kills // (self.options.others + 1) + i,
                         OTHERS[i % len(OTHERS)])
        return kinds

    def under_load(self):
        return all(self.cluster.processes[f"publish-{i}"].alive() for i in range(len(STREETS)))

    # ---- one round ------------------------------------------------------------------------------

    def end(self, kind, name):
        """Ends the node in its way; returns which nodes may take the next commit."""
        c = self.cluster
        node = c.nodes[name]
        if kind in ("power", "standby"):
            node.power_off()
        elif kind == "both":
            for one in c.nodes.values():
                one.power_off()
                one.start()
            return tuple(c.nodes)
        elif kind == "etcd":
            c.etcd.kill()
            time.sleep(self.options.ttl + 3)
            return (name,)
        elif kind == "frozen":
            node.freeze()
        elif kind == "postgres":
            signal_all(node.database_pids(), signal.SIGKILL)
            return tuple(c.nodes)
        else:
            node.process.kill()
        return (c.other(name),)

    def come_back(self, kind, name):
        node = self.cluster.nodes[name]
        if kind == "frozen":
            signal_all(node.pids(), signal.SIGCONT)
        elif kind == "etcd":
            self.cluster.etcd.start()
        elif kind not in ("postgres", "both"):
            node.start()

    def wait(self, what, seconds):
        def one():
            self.watch()
            return what()
        return runner.until(one, seconds)

    def round(self, kind, probe):
        c = self.cluster
        primary = self.wait(c.whole, 90)
        name = c.other(primary) if kind == "standby" else primary
        time.sleep(self.random.uniform(1, 2))
        assert self.under_load(), "no load any more: --rate or CYCLE_S is too small"
        moment = time.monotonic()
        nodes = self.end(kind, name)
        ended = time.monotonic()
        committed = self.wait(lambda: probe.since(ended, nodes), PATRONI_S)
        acknowledged, task = self.acknowledged(), self.last_task("subscribe-FIRE")
        self.wait(lambda: self.acknowledged() > acknowledged, 30)
        raised = time.monotonic()
        self.wait(lambda: self.last_task("subscribe-FIRE") > task, 30)
        reached = time.monotonic()
        self.come_back(kind, name)
        whole = self.wait(c.whole, 90)
        said = {"end": kind, "node": name, "database_s": committed - moment,
                "street_s": raised - committed, "department_s": reached - committed,
                "whole_s": time.monotonic() - moment, "primary": whole}
        said = {k: round(v, 2) if isinstance(v, float) else v for k, v in said.items()}
        print(said, file=sys.stderr, flush=True)
        self.told.append(said)

    def run(self):
        began, probe = time.monotonic(), Probe(self.cluster)
        try:
            for kind in self.ends():
                self.round(kind, probe)
        finally:
            probe.stop()
        return time.monotonic() - began

    # ---- the judgement --------------------------------------------------------------------------

    def rows(self):
        def late(what):
            bad = [t for t in self.told if t[what] > EXTRA_S]
            return f"more than {EXTRA_S} s: {bad}" if bad else None
        moved = [t for t in self.told
                 if t["end"] in ("power", "frozen", "patroni") and t["primary"] == t["node"]]
        return [
            ("every_end_was_survived",
             None if len(self.told) == self.rounds else f"{len(self.told)} of {self.rounds}"),
            ("streets_are_answered_again_in_time", late("street_s")),
            ("departments_are_reached_again_in_time", late("department_s")),
            ("the_standby_takes_over", f"{moved}" if moved else None),
            ("nobody_ended_by_itself", "; ".join(self.faults) or None),
        ]

    def figures(self, seconds, drained):
        kinds = {}
        for one in self.told:
            kinds.setdefault(one["end"], []).append(one)
        figures = {kind: {what: load.figures([t[what] for t in told])
                          for what in ("database_s", "street_s", "department_s", "whole_s")}
                   for kind, told in kinds.items()}
        return {"kills": sum(t["end"] in ENDS for t in self.told), "others": self.options.others,
                "acknowledged": self.acknowledged(), "ends": figures, "seconds": round(seconds, 1),
                "drained_s": round(drained, 1), "ttl_s": self.options.ttl, "seed": self.options.seed}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--others", type=int, default=-1, help="other ends in between (3 of 10)")
    parser.add_argument("--rate", type=int, default=40, help="whistles a second in all")
    parser.add_argument("--ttl", type=int, default=8, help="seconds of Patroni's lease")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    if options.others < 0:
        options.others = options.kills * 3 // 10
    try:
        failover = Failover(options)
    except Skipped as why:
        print(f"skipped: {why}")
        print("0 passed, 0 failed")
        return 0
    try:
        failover.start()
        seconds = failover.run()
        drained = failover.drain()
        rows = failover.rows() + failover.verdict()
        return load.report(rows, failover.figures(seconds, drained))
    finally:
        failover.down()


if __name__ == "__main__":
    sys.exit(main())
