# SPDX-License-Identifier: Apache-2.0
"""A department's subscriber that is killed at random times while whistles are blown: what must hold
afterwards, whichever language it is written in."""
import json
import random
import re
import subprocess
import threading
import time

import distinct
import runner

STREET = "990101002"


def blow(cluster, n, title, who=STREET, category="GAS_LEAK", words=("--no-wait",)):
    """Raises n whistles; their numbers."""
    one = {"category": category, "title": title, "place": {"address": "染坊街"}}
    text = "".join(json.dumps(distinct.apart(one), ensure_ascii=False) + "\n" for _ in range(n))
    return [w["number"] for w in cluster.whistle(who, "raise", "--file", "-", *words, stdin=text)]


class Subscriber:
    """A program that prints "new task ID …" and "signed   ID …"; its output is kept over restarts."""

    def __init__(self, cluster, name, command, **env):
        self.command, self.env, self.path = command, env, f"{cluster.dir}/log/{name}.out"
        self.child, self.kills = None, 0

    def start(self):
        with open(self.path, "ab") as out:
            self.child = subprocess.Popen(self.command, env=self.env, stdout=out, stderr=out,
                                          stdin=subprocess.DEVNULL)

    def kill(self):
        self.child.kill()
        self.child.wait()
        self.kills += 1

    def said(self, word):
        with open(self.path, encoding="utf-8", errors="replace") as out:
            return re.findall(rf"^{word} +(\S+)", out.read(), re.M)


def signatures(cluster, department):
    """{task id: how often it was signed} from dispatch's journal."""
    count = {}
    for line in cluster.whistle("AUDITOR", "follow", "--once", timeout=120):
        task = line["event"].get("signed", {}).get("task", "")
        if task.endswith("-" + department):
            count[task] = count.get(task, 0) + 1
    return count


def killed_at_random(cluster, subscriber, department, seed, seconds, longest=1.2):
    """Whistles keep coming while the subscriber is killed and started again; at the end every task was
    printed and signed, and signed once."""
    chance, numbers = random.Random(seed), []
    end = time.monotonic() + seconds

    def blower():
        while time.monotonic() < end:
            numbers.extend(blow(cluster, 10, f"{department} {len(numbers)}"))
            time.sleep(0.05)

    thread = threading.Thread(target=blower)
    thread.start()
    while time.monotonic() < end:
        subscriber.start()
        time.sleep(chance.uniform(0.05, longest))
        subscriber.kill()
    thread.join()
    tasks = {f"{n}-{department}" for n in numbers}
    subscriber.start()
    try:
        runner.until(lambda: tasks <= set(signatures(cluster, department)), 60, 0.5)
    finally:
        subscriber.kill()
    assert tasks <= set(subscriber.said("new task")), "a gap"
    assert set(signatures(cluster, department).values()) == {1}, "a second effect"
    print(f"     {len(tasks)} tasks, {subscriber.kills} kills, "
          f"{len(subscriber.said('new task')) - len(tasks)} came again")
