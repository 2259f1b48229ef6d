#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rolling upgrades and graceful stops under load: programs are asked to end (SIGTERM) at random moments,
also while they start, and come back; then every whistle, task, signature, notice and range is held against
the database (verdict.py).

    upgrade.py [--rolls N] [--stops N] [--whistles N] [--seed S] [--json] [--keep]

It begins with the programs from before there was a dedup; the first roll is the
upgrade to today's, later ones change each for the same again. A roll replaces dispatch, then dedup, then
intake (who follows before whom it follows). Each end must be exit 0 within 20 s. The pause is how long the
busiest department heard nothing around an end. Without a history to build the programs before from, all
rolls are of today's; the figures say so.
"""
import argparse
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import load  # noqa: E402  first: it finds tests/support
import before  # noqa: E402
from cluster import Cluster  # noqa: E402
from load import SERVICES, STREETS, Load  # noqa: E402

END_S, PAUSE_S = 20.0, 5.0
VICTIMS = {"intake": 4, "dedup": 4, "dispatch": 4, "notify": 2}
EAR = "FIRE"  # two thirds of the whistles are also its


class Silence(threading.Thread):
    """Notes every time that a department's file did not grow for long, until it ends."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path, self.ended, self.gaps = path, False, []
        self.start()

    def run(self):
        size, last = 0, time.monotonic()
        while not self.ended:
            time.sleep(0.005)
            now = os.path.getsize(self.path) if os.path.exists(self.path) else 0
            if now != size:
                self.gaps.append((last, time.monotonic() - last))
                size, last = now, time.monotonic()

    def around(self, began, ended):
        """The longest silence that touches the time."""
        return max((gap for at, gap in self.gaps if at + gap >= began and at <= ended), default=0)


class Upgrade(Load):
    def __init__(self, options):
        try:
            before.Old.folder, self.expand = before.programs()
            made = before.Old
        except before.Absent as why:
            made, self.expand = Cluster, f"the same programs: {why}"
        super().__init__(options.whistles, options.seconds, options.sign, options.keep, made)
        self.random = random.Random(options.seed)
        self.ends, self.bad, self.spans = [], [], []
        self.rolled = self.idle = 0

    def loaded(self):
        return any(self.cluster.processes[f"publish-{i}"].alive() for i in range(len(STREETS)))

    def end(self, name):
        """Asks it to end, waits for that, starts it."""
        process, began = self.cluster.processes[name], time.monotonic()
        self.idle += not self.loaded()
        try:
            code = process.stop(END_S + 5)
        except Exception:  # pylint: disable=broad-except
            process.kill()
            code = "nothing"
        took = time.monotonic() - began
        self.ends.append(took)
        if code != 0 or took > END_S:
            self.bad.append(f"{name}: {code} after {took:.1f} s: {process.tail(2)}")
        self.restart(name)
        return began

    def roll(self):
        c, first = self.cluster, "dedup" not in self.cluster.processes
        if first:
            c.expand()
            c.add_dedup_keys()
            c.now(*before.PROGRAMS)
        for name in ("dispatch", "dedup", "intake"):
            if first and name == "dedup":
                c.start_dedup()
                continue
            began = self.end(name)
            c.wait_ready(name)
            self.spans.append((name, began, time.monotonic()))
        self.rolled += 1

    def stop(self):
        there = {name: n for name, n in VICTIMS.items() if name in self.cluster.processes}
        name = self.random.choices(*zip(*there.items()))[0]
        began = self.end(name)
        if name == "notify":
            return
        if self.random.random() < 0.3:  # asked again while it starts
            time.sleep(self.random.uniform(0.05, 0.4))
            return
        self.cluster.wait_ready(name)
        self.spans.append((name, began, time.monotonic()))

    def run(self, rolls, stops):
        began, told = time.monotonic(), 0.0
        works = ["roll"] * rolls + ["stop"] * stops
        self.random.shuffle(works)
        for i, work in enumerate(works):
            time.sleep(self.random.uniform(0.2, 1.0))
            self.watch()
            if work == "roll":
                self.roll()
            else:
                self.stop()
            if time.monotonic() - told > 10:
                told = time.monotonic()
                print(f"{told - began:6.0f} s  {i + 1:4d} of {len(works)}  {self.acknowledged():7d} "
                      "acknowledged", file=sys.stderr, flush=True)
        for name in SERVICES:
            self.cluster.wait_ready(name)
        return time.monotonic() - began

    def pauses(self, silence):
        times = {name: [] for name in SERVICES}
        for name, began, ended in self.spans:
            times[name].append(silence.around(began, ended))
        return times

    def own_checks(self, pauses):
        slow = [f"{name} {max(values):.2f} s" for name, values in pauses.items()
                if values and max(values) > PAUSE_S]
        return [
            ("every_end_was_exit_0_in_time", "; ".join(self.bad[:5]) or None),
            ("nobody_ended_by_himself", "; ".join(self.faults[:5]) or None),
            ("load_went_on_meanwhile", None if self.idle * 10 <= len(self.ends) else
             f"{self.idle} of {len(self.ends)} ends came after the last whistle"),
            ("departments_paused_shortly", ", ".join(slow) or None),
        ]


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rolls", type=int, default=2)
    parser.add_argument("--stops", type=int, default=10)
    parser.add_argument("--whistles", type=int, default=0, help="default: 200 a second")
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--sign", type=int, default=10, help="every n-th whistle's tasks are signed")
    parser.add_argument("--json", action="store_true", help="only the line of figures")
    parser.add_argument("--keep", action="store_true", help="leave the folder behind")
    options = parser.parse_args()
    options.seconds = max(12.0, 2.5 * options.rolls + 1.2 * options.stops)
    options.whistles = options.whistles or int(200 * options.seconds)
    return options


def main():
    options = parse()
    test = Upgrade(options)
    rows, pauses, seconds, drained = [], {}, 0, 0
    try:
        test.start()
        silence = Silence(f"{test.folder}/{EAR}")
        seconds = test.run(options.rolls, options.stops)
        silence.ended = True
        pauses = test.pauses(silence)
        drained = test.drain()
        rows = test.verdict()
    except Exception as error:
        rows.append(("the_run_itself", f"{type(error).__name__}: {error}"))
    finally:
        rows += test.own_checks(pauses)
        result = {"seed": options.seed, "expand": test.expand, "seconds": round(seconds, 1),
                  "drain_s": round(drained, 1), "rolls": test.rolled, "ends": load.figures(test.ends),
                  "ends_bad": len(test.bad), "acknowledged": test.acknowledged(),
                  **{f"pause_{name}": load.figures(values) for name, values in pauses.items()}}
        test.down()
    return load.report(rows, result, options.json)


if __name__ == "__main__":
    sys.exit(main())
