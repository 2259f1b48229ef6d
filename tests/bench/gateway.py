#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The gateway's figures: whistles read by number, and raised durably over HTTP beside the rate that
intake's own door reaches in the same run, on the same cluster, with the same four departments listening.

  tests/bench/gateway.py [--json] [--count N] [--reads N] [--rounds N]

Everything shares the machine with the clients. Programs come from WHISTLE_BUILD.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import runner  # noqa: E402
from api import Api  # noqa: E402
from cluster import BUILD, Cluster  # noqa: E402

STREET, COMMUNITY = "990101003", "990101003002"


def run(cluster, *words):
    out = subprocess.run(words, capture_output=True, text=True, cwd=cluster.dir)
    if out.returncode not in (0, 1) or not out.stdout:
        sys.exit(f"{words}: {out.stdout}{out.stderr}")
    return json.loads(out.stdout)


def cpu_s(cluster, name):
    with open(f"/proc/{cluster.processes[name].child.pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    ask = argparse.ArgumentParser()
    ask.add_argument("--json", action="store_true")
    ask.add_argument("--count", type=int, default=20000)
    ask.add_argument("--reads", type=int, default=100000)
    ask.add_argument("--rounds", type=int, default=2)
    ask = ask.parse_args()
    with Cluster(gateway=True) as cluster:
        api = Api(cluster)
        runner.until(lambda: api.get(STREET, "/api/v1/units").status == 200)
        number = api.post(STREET, "/api/v1/whistles", {
            "unit": STREET, "category": "EBIKE_CHARGE", "title": "工人新村7栋",
            "place": {"unit": COMMUNITY, "address": "工人新村7栋"}}).json["ref"]
        runner.until(lambda: api.get(STREET, f"/api/v1/whistles/{number}").status == 200)
        key, port, http = api.key(STREET), str(cluster.http), BUILD + "/bench_gateway"
        door, post = [], []
        for _ in range(ask.rounds):
            door.append(run(cluster, BUILD + "/bench_main", cluster.dir + "/keys/doors",
                            cluster.dir + "/keys",
                            str(ask.count), "384", "0"))
            before = cpu_s(cluster, "gateway")
            post.append(run(cluster, http, "post", port, key, "-", str(ask.count), "48", "8"))
            post[-1]["gateway_cpu_us"] = round((cpu_s(cluster, "gateway") - before) / ask.count * 1e6, 1)
        before = cpu_s(cluster, "gateway")
        read = run(cluster, http, "read", port, key, f"/api/v1/whistles/{number}", str(ask.reads), "32", "8")
        read["gateway_cpu_us"] = round((cpu_s(cluster, "gateway") - before) / ask.reads * 1e6, 1)
        rate = {"door": statistics.median(d["accepted_per_s"] for d in door),
                "post": statistics.median(p["per_s"] for p in post)}
        with open(f"/proc/{cluster.processes['gateway'].child.pid}/status") as file:
            rss = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
        result = {"reads_per_s": read["per_s"], "read": read, "door_per_s": rate["door"],
                  "post_per_s": rate["post"], "post_of_door": round(rate["post"] / rate["door"], 3),
                  "post": post, "gateway_peak_mb": rss // 1024}
    if ask.json:
        print(json.dumps(result))
    else:
        print(f"reads by number  {read['per_s']:>8.0f}/s  p99 {read['p99_ms']} ms, "
              f"{read['gateway_cpu_us']} us of the gateway's processor each (10,000/s wanted)\n"
              f"raised at door   {rate['door']:>8.0f}/s\nraised over HTTP {rate['post']:>8.0f}/s  "
              f"{100 * result['post_of_door']:.0f} % of the door's (60 % wanted), "
              f"{post[-1]['gateway_cpu_us']} us of the gateway's processor each\n"
              f"gateway's memory {rss // 1024} MB at most")


if __name__ == "__main__":
    main()
