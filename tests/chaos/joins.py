#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random joins and splits through dedup's door (chaos_joins, each answer held against a model), then
exact counts: dedup's memberships, dispatch's supporters and merged_into, both journals; then everything
is split and every whistle's tasks are what they were, clocks by the time each was joined.

    joins.py [--operations 10000] [--whistles 600] [--groups 24] [--seed S] [--mixed] [--json]

Dedup and dispatch are killed in the middle, so that the same holds of what they rebuild.
"""
import argparse
import collections
import datetime
import json
import os
import random
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
import runner  # noqa: E402
from cluster import Cluster  # noqa: E402

STREET = "990101003"
CATEGORIES = ("EBIKE_CHARGE",)  # P2
MIXED = ("GAS_LEAK", "EBIKE_CHARGE", "RUBBISH")  # P1, P2, P3: joins raise priorities, splits lower them


def millis(text):
    return round(datetime.datetime.fromisoformat(text).timestamp() * 1000)


def raise_whistles(cluster, n, categories=CATEGORIES):
    """Whistles that have nothing in common: nothing is joined but by the test."""
    lines, chance = [], random.Random(20261123)
    for i in range(n):
        title = "".join(chr(chance.randrange(0x4e00, 0x9e00)) for _ in range(12))
        lines.append(json.dumps({
            "category": categories[i % len(categories)], "title": title,
            "place": {"unit": "990101003002"}}, ensure_ascii=False))
    out = cluster.whistle(STREET, "raise", "--file", "-", stdin="\n".join(lines) + "\n", timeout=300)
    assert all(o["state"] == "DISPATCHED" for o in out), [o for o in out if o["state"] != "DISPATCHED"][:3]
    return [o["number"] for o in out]


def listed(cluster):
    """{number: whistle} as dispatch shows them."""
    whistles, cursor = {}, None
    while True:
        page = cluster.whistle("DISTRICT", "list", "--limit", "200",
                               *(["--cursor", cursor] if cursor else []))[0]
        whistles |= {w["number"]: w for w in page["whistles"]}
        cursor = page.get("cursor")
        if not cursor:
            return whistles


def shown(cluster, numbers):
    return {n: cluster.whistle("DISTRICT", "show", n)[0] for n in numbers}


def killer(cluster, over, pause, killed):
    """Kills dedup, then dispatch, while commands run."""
    for service in ("dedup", "dispatch", "dedup"):
        if over.wait(pause):
            return
        cluster.processes[service].kill()
        cluster.start_service(service)
        killed.append(service)


def run_program(cluster, numbers, options):
    with open(cluster.dir + "/numbers", "w") as file:
        file.write("\n".join(numbers) + "\n")
    over, killed = threading.Event(), []
    thread = threading.Thread(target=killer, args=(cluster, over, options.operations / 50000, killed))
    thread.start()
    done = subprocess.run(
        [cluster.bin("chaos_joins"), cluster.dir + "/keys/DISTRICT.key", cluster.dir + "/keys/doors",
         cluster.dir + "/numbers", str(options.operations), str(options.groups), str(options.seed),
         cluster.dir + "/forest"], capture_output=True, text=True, timeout=1200)
    over.set()
    thread.join()
    if done.returncode != 0:
        letters = cluster.whistle("OPERATOR", "dead-letters", expect=None)
        raise AssertionError(f"{done.stderr[-3000:]}{done.stdout}{letters}"
                             + cluster.processes["dedup"].tail())
    with open(cluster.dir + "/forest") as file:
        forest = {number: (parent, top, int(count))
                  for number, parent, top, count in (line.split() for line in file)}
    return json.loads(done.stdout) | {"killed": killed}, forest


def kinds(cluster, feed):
    rows = cluster.whistle("AUDITOR", "follow", "--feed", feed, "--once", timeout=300)
    return collections.Counter(row["kind"] for row in rows), rows


def caught_up(cluster):
    """Dispatch has taken all that dedup decided."""
    end = cluster.sql("SELECT max(seq) FROM dedup.journal")[0][0]
    runner.until(lambda: cluster.sql(
        "SELECT seq FROM dispatch.cursor WHERE feed = 'dedup'")[0][0] == end, 60)


def check_counts(cluster, figures, forest):
    caught_up(cluster)
    whistles = listed(cluster)
    for number, (parent, top, count) in forest.items():
        whistle = whistles[number]
        assert whistle.get("merged_into", "-") in (parent, top), (number, whistle, parent, top)
        assert (whistle["state"] == "MERGED") == (parent != "-"), (number, whistle["state"], parent)
        if parent == "-":
            assert whistle.get("supporters", 0) == count, (number, whistle.get("supporters"), count)
    roots = [n for n, (parent, _, count) in forest.items() if parent == "-" and count]
    for number in roots[:40]:
        matter = cluster.whistle("DISTRICT", "matter", number)[0]
        below = sorted(n for n, (_, top, _) in forest.items() if top == number and n != number)
        assert sorted(m["number"] for m in matter["members"][1:]) == below, (number, matter, below)
        assert matter["supporters"] == len(below)
    told, rows = kinds(cluster, "dedup")
    assert told["WhistleMerged"] == figures["joined"], told
    assert told["WhistleSplit"] == figures["split"], told
    heard, _ = kinds(cluster, "dispatch")
    assert (heard["WhistleJoined"], heard["WhistleSupported"]) == (figures["joined"],) * 2, heard
    # What a person separates was joined, or was only shown as perhaps the same.
    shown = sum(len(row["event"]["cleared"].get("apart", [])) for row in rows
                if row["kind"] == "WhistleCleared")
    # Everybody above it loses what leaves.
    between = sum(len(row["event"]["split"].get("through", [])) for row in rows
                  if row["kind"] == "WhistleSplit")
    assert heard["SupportLost"] == figures["split"] + between, (heard, between)
    assert heard["WhistleParted"] == figures["split"] + shown, (heard, shown)


def split_all(cluster, forest):
    for number, (parent, _, _) in forest.items():
        if parent != "-":
            cluster.whistle("DISTRICT", "split", number)
    caught_up(cluster)


def joined_spans(rows):
    """{number: ms that it stood joined}, by dispatch's own events."""
    since, spans = {}, collections.Counter()
    for row in rows:
        if row["kind"] == "WhistleJoined":
            since[row["number"]] = row["at"]
        elif row["kind"] == "WhistleParted" and row["number"] in since:
            spans[row["number"]] += row["at"] - since.pop(row["number"])
    assert not since, since
    return spans


def check_identity(cluster, before):
    _, rows = kinds(cluster, "dispatch")
    spans = joined_spans(rows)
    for number, was in before.items():
        now = cluster.whistle("DISTRICT", "show", number)[0]
        paused = 0 if was["priority"] == "P1" else spans[number]
        assert now["state"] == was["state"] and now["priority"] == was["priority"], (was, now)
        assert [t["id"] for t in now["tasks"]] == [t["id"] for t in was["tasks"]]
        for old, new in zip(was["tasks"], now["tasks"]):
            shift = millis(new["due_resolve"]) - millis(old["due_resolve"])
            assert shift == paused, (number, old, new, paused)
            same = set(old) - {"due_resolve", "next", "state", "escalation", "overdue"}
            assert {k: old[k] for k in same} == {k: new[k] for k in same}, (old, new)
        assert not now.get("supporters") and not now.get("linked"), now


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--operations", type=int, default=10000)
    parser.add_argument("--whistles", type=int, default=600)
    parser.add_argument("--groups", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mixed", action="store_true", help="whistles of three priorities")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    began, passed = time.monotonic(), 0
    with Cluster() as cluster:
        numbers = raise_whistles(cluster, options.whistles, MIXED if options.mixed else CATEGORIES)
        before = shown(cluster, numbers)
        figures, forest = run_program(cluster, numbers, options)
        check_counts(cluster, figures, forest)
        passed += 1
        if not options.json:
            print("ok   counts are exact", flush=True)
        split_all(cluster, forest)
        check_identity(cluster, before)
        passed += 1
        if not options.json:
            print("ok   every whistle is as it was", flush=True)
    print(json.dumps(figures | {"whistles": options.whistles, "seed": options.seed,
                                "seconds": round(time.monotonic() - began, 1)}))
    print(f"{passed} passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
