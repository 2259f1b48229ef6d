#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Browser tests of the console: a whole Whistle with people, then a real Chromium at it.

  tests/web/run.py [journeys|pages] [NAME…]   those tests (default: both); closes with "N passed, N failed"
  tests/web/run.py shots [FOLDER]             a picture of every page at 360 and 1440 pixels, both languages
  tests/web/run.py stay                       prints the address and the logins, runs until it is ended
"""
import json
import os
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cluster import BUILD, Cluster  # noqa: E402

STREET, COMMUNITY = "990101001", "990101001001"
# The samples' places, away from the journeys'.
FAR = {"unit": "990101001002", "lat": 39.1003, "lon": 115.9004}
FARTHER = {"unit": "990101001003", "lat": 39.1046, "lon": 115.9052}
PEOPLE = {  # name in the tests: (identity, role, who is shown)
    "street": (STREET, "STREET_OPERATOR", "王敏"),
    "community": (COMMUNITY, "COMMUNITY_WORKER", "赵兰"),
    "gas": ("GASCO", "DUTY_DESK", "刘强"),
    "fire": ("FIRE", "OFFICER", "陈勇"),
    "police": ("POLICE", "DUTY_DESK", "周军"),
    "urban": ("URBAN", "DUTY_DESK", "吴丽"),
    "emerg": ("EMERG", "DUTY_DESK", "郑涛"),
    "traffic": ("TRAFFIC", "OFFICER", "冯超"),
    "drain": ("DRAINCO", "OFFICER", "何伟"),
    "district": ("DISTRICT", "DISPATCHER", "孙磊"),
    "operator": ("OPERATOR", "OPERATOR", "值班运维"),
}


def add_people(c):
    """{name: {login, password}} of people who may log in."""
    found = {}
    for name, (identity, role, shown) in PEOPLE.items():
        words = ["--name", shown, "--at", identity, "--post", role]
        made = c.whistle("OPERATOR", "person", "add", name, *words)[0]
        found[name] = {"login": name, "password": made["password"]}
    return found


def raise_one(c, title, category, place, **more):
    body = {"unit": STREET, "category": category, "title": title, "place": place, **more}
    line = c.whistle(STREET, "raise", "--file", "-", stdin=json.dumps(body, ensure_ascii=False))[0]
    return line.get("number") or line["ref"]


def wait_for_tasks(c, number):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        shown = c.whistle(STREET, "show", number, expect=None)
        if shown and shown[0].get("tasks"):
            return shown[0]
        time.sleep(0.1)
    raise RuntimeError(f"{number} is not dispatched")


def add_samples(c):
    """Whistles in the states the pages must show well. {name: number}"""
    running = raise_one(c, "5号楼燃气管道被挖断", "GAS_LEAK", FAR | {"address": "铁狮子胡同5号院北侧"},
                        text="施工挖断燃气支管,气味很重,已拉警戒线。", answers=[{"code": "smell_where", "value": "室外"}])
    wait_for_tasks(c, running)
    c.whistle("GASCO", "check-in", f"{running}-GASCO")
    c.whistle("FIRE", "sign", f"{running}-FIRE")
    refused = raise_one(c, "路口路面塌陷约两平方米", "ROAD_COLLAPSE", FARTHER | {"address": "南钟楼路口东南角"})
    wait_for_tasks(c, refused)
    c.whistle("TRAFFIC", "refuse", f"{refused}-TRAFFIC", "--reason", "WRONG_OWNER", "--basis", "该处为小区内部道路",
              "--alternative", "HOUSING")
    # this street reviews first
    waiting = raise_one(c, "路灯连续三盏不亮", "STREET_LIGHT", FAR | {"address": "铁狮子胡同南口便道"})
    reported = raise_one(c, "独居老人两天联系不上", "ELDER_CARE", FARTHER | {"address": "南钟楼9号院"})
    for task in wait_for_tasks(c, reported).get("tasks", []):
        c.whistle(task["department"], "check-in", task["id"])
        c.whistle(task["department"], "report", task["id"], "--outcome", "SOLVED",
                  "--text", "已入户查看,老人平安,手机欠费停机。")
    return {"running": running, "waiting": waiting, "refused": refused, "reported": reported}


def chromium():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name):
            return shutil.which(name)
    raise SystemExit("no Chromium here (Debian's package chromium)")


def node(script, *words, **env):
    return subprocess.run(["node", f"{BUILD}/web/{script}.mjs", *words], env={**os.environ, **env},
                          capture_output=True, text=True)


def write_where(c, path):
    where = {"url": f"http://127.0.0.1:{c.http}", "chromium": chromium(), "people": add_people(c),
             "samples": add_samples(c)}
    with open(path, "w") as file:
        json.dump(where, file, ensure_ascii=False)
    return where


def run_tests(files, names, env):
    good = bad = 0
    for name in files:
        done = node(name, *names, **env)
        last = re.findall(r"^(\d+) passed, (\d+) failed$", done.stdout, re.M)
        print(re.sub(r"^\d+ passed, \d+ failed$\n?", "", done.stdout, flags=re.M), end="")
        if not last:
            print(f"FAIL {name}\n{done.stderr}")
        good, bad = good + int(last[0][0] if last else 0), bad + int(last[0][1] if last else 1)
    print(f"{good} passed, {bad} failed")
    return 1 if bad else 0


def main(words):
    what = words[0] if words and words[0] in ("journeys", "pages", "shots", "stay") else None
    rest = words[1:] if what else words
    with Cluster(gateway=True) as c:  # what is the same is shown, and joined by whom it concerns
        path = c.dir + "/web.json"
        where = write_where(c, path)
        env = {"WHISTLE_WEB": path}
        if what == "stay":
            print(json.dumps(where, ensure_ascii=False, indent=1), flush=True)
            while True:
                time.sleep(1)
        if what == "shots":
            folder = os.path.abspath(rest[0] if rest else "screenshots")
            return run_tests(["shots"], [], {**env, "WHISTLE_SHOTS": folder})
        return run_tests([what] if what else ["journeys", "pages"], rest, env)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
