#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Thousands of open event streams while the district lives: did each hear exactly what its identity may
hear, how long did it take, what did it cost. Gateway, services, database and listeners on this machine.

  tests/bench/streams.py [--streams 5000] [--all 50] [--seconds 60] [--whistles 25] [--json]
"""
import argparse
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import distinct  # noqa: E402
import runner  # noqa: E402
from cluster import BUILD, Cluster  # noqa: E402
from listener import api_keys  # noqa: E402

STREET = "990101002"


def cpu(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_kib(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


def head(cluster):
    return int(cluster.sql("SELECT seq FROM dispatch.head")[0][0])


def whistles(cluster, seconds, a_second):
    """Gas leaks of one street, evenly; each calls several departments."""
    raising = subprocess.Popen([*cluster.command(STREET), "raise", "--file", "-", "--no-wait", "--json"],
                               stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    began, n = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        one = {"category": "GAS_LEAK", "title": f"燃气味 {n}", "place": {"address": "染坊街"}}
        raising.stdin.write(json.dumps(distinct.apart(one), ensure_ascii=False) + "\n")
        raising.stdin.flush()
        n += 1
        time.sleep(max(0.0, began + n / a_second - time.monotonic()))
    raising.stdin.close()
    raising.wait(30)


def called(cluster):
    """The departments that one such whistle calls."""
    one = {"category": "GAS_LEAK", "title": "试", "place": {"address": "染坊街"}}
    number = cluster.whistle(STREET, "raise", "--file", "-", "--no-wait",
                             stdin=json.dumps(distinct.apart(one), ensure_ascii=False))[0]["number"]
    shown = []

    def tasks():
        shown[:] = cluster.whistle(STREET, "show", number, expect=None)
        return shown[0].get("tasks")
    runner.until(tasks, 20)
    return [t["department"] for t in shown[0]["tasks"]]


def truth(cluster, identity, after):
    seqs = [line["seq"] for line in cluster.whistle(identity, "follow", "--once", timeout=120)
            if line["seq"] > after]
    return len(seqs), sum(seqs)


def measure(cluster, options):
    parties = [STREET, *called(cluster)]
    keys = api_keys(cluster, ["DISTRICT", *parties])
    gateway = cluster.processes["gateway"].child.pid
    each, rest = divmod(options.streams - options.all, len(parties))
    counts = [options.all] + [each + (1 if i < rest else 0) for i in range(len(parties))]
    with open(cluster.dir + "/groups", "w") as file:
        file.writelines(f"{keys[who]} {n}\n" for who, n in zip(["DISTRICT", *parties], counts))
    runner.until(lambda: any(
        name.startswith("whistle_followed_seq") and value > 0
        for name, value in cluster.metrics("gateway").items()), 20)
    time.sleep(3)
    listeners = subprocess.Popen([BUILD + "/bench_streams", cluster.dir + "/groups", str(cluster.http)],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    opened = int(listeners.stdout.readline().split()[1])
    after = head(cluster)
    listeners.stdin.write(f"{after}\n")
    listeners.stdin.flush()
    used, theirs, began = cpu(gateway), cpu(listeners.pid), time.monotonic()
    whistles(cluster, options.seconds, options.whistles)
    seconds = time.monotonic() - began
    used, theirs = cpu(gateway) - used, cpu(listeners.pid) - theirs
    events = head(cluster) - after
    time.sleep(2)
    listeners.stdin.close()
    told = json.loads(listeners.stdout.read())
    listeners.wait(10)
    wrong = []
    for who, group in zip(["DISTRICT", *parties], told["groups"]):
        want = truth(cluster, who, after)
        if (group["count"], group["sum"]) != want or group["odd"]:
            wrong.append({"identity": who, "heard": group, "truth": want})
    return {"opened": opened, "ended": told["ended"], "disorder": told["disorder"], "gaps": wrong,
            "events_per_s": round(events / seconds, 1),
            "heard_per_stream_s": [round(g["count"] / seconds, 1) for g in told["groups"]],
            "heard": told["heard"], "p50_ms": told["p50_ms"], "p99_ms": told["p99_ms"],
            "max_ms": told["max_ms"], "gateway_peak_mib": round(peak_kib(gateway) / 1024, 1),
            "gateway_cpu_share": round(used / seconds, 2), "listeners_cpu_share": round(theirs / seconds, 2)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--streams", type=int, default=5000)
    parser.add_argument("--all", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--whistles", type=float, default=25)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    env = {"WHISTLE_HTTP_ADDRESS_CONNECTIONS": "20000", "WHISTLE_HTTP_CONNECTIONS": "20000"}
    with Cluster(gateway=True, env=env) as cluster:
        result = measure(cluster, options)
    good = (not result["gaps"] and not result["ended"] and not result["disorder"] and
            result["opened"] == options.streams)
    print(json.dumps(result) if options.json else "\n".join(f"{k}: {v}" for k, v in result.items()))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
