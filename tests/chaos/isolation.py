#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every route × every role × own and foreign objects, forged numbers, injections: what was tried, allowed,
refused, and what was wrong (support/isolation.py). Exit 1 where anything was.

  tests/chaos/isolation.py [--forged 10000] [--json]
"""
import argparse
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import runner  # noqa: E402
from api import Api  # noqa: E402
from cluster import Cluster  # noqa: E402
from isolation import Isolation  # noqa: E402


def main():
    ask = argparse.ArgumentParser()
    ask.add_argument("--forged", type=int, default=10000)
    ask.add_argument("--json", action="store_true")
    ask = ask.parse_args()
    with Cluster(gateway=True, env={"WHISTLE_DOOR_WAIT_S": "5"}) as cluster:
        api = Api(cluster)
        runner.until(lambda: api.get("DISTRICT", "/api/v1/units").status == 200)
        of = Isolation(cluster, api)
        of.injections()
        of.forged(ask.forged)
        of.matrix()
    if ask.json:
        print(json.dumps({"tried": of.tried, "allowed": of.allowed, "refused": of.refused,
                          "forged": ask.forged,
                          "wrong": of.wrong}, ensure_ascii=False))
    else:
        print(f"{of.tried} tried ({ask.forged} of forged numbers): {of.allowed} allowed, "
              f"{of.refused} refused as they should be, {len(of.wrong)} wrong", *of.wrong[:50], sep="\n")
    return 1 if of.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
