#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Keys come and go while everybody works: rotation of a department's, a street's and the services' keys
under load without a stop, revoked and expired keys seen by who holds them, keyrings broken by hand."""
import glob
import json
import os
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import distinct  # noqa: E402
import runner  # noqa: E402
import subscriber as sub  # noqa: E402
from cluster import SERVICES, TOP, Cluster  # noqa: E402

cluster = None


def key(*words):
    """whistle key … on the cluster's folder of keys, as its user; its JSON lines."""
    out = cluster.sh([cluster.bin("whistle"), "key", *words, "--keys", cluster.dir + "/keys", "--json"])
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


def held(who):
    """Public keys of an identity: {public: live}."""
    return {line["public"]: line["live"] for line in key("list", who)}


class Standing:
    """A program that runs on; what it printed and how it ended."""
    all = []

    def __init__(self, name, command):
        self.all.append(self)
        self.path = f"{cluster.dir}/log/{name}.out"
        with open(self.path, "wb") as out:
            self.child = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT,
                                          stdin=subprocess.DEVNULL)

    def text(self):
        with open(self.path, encoding="utf-8", errors="replace") as out:
            return out.read()

    def lines(self):
        return [json.loads(line) for line in self.text().splitlines() if line.startswith("{")]

    def heard(self, number):
        return any(line.get("number") == number for line in self.lines())

    def end(self):
        self.child.terminate()
        return self.child.wait(10)


def with_key(file):
    return [cluster.bin("whistle"), "--doors", cluster.dir + "/keys/doors", "--key", file]


def follower(name, file, *words):
    return Standing(name, [*with_key(file), "follow", "--json", *words])


class Blower:
    """A street's one long-lived program: a line every few milliseconds until it is told to end."""

    def __init__(self):
        self.child = subprocess.Popen(
            [*cluster.command(sub.STREET), "raise", "--file", "-", "--no-wait", "--json"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.on, self.out, self.sent = True, [], 0
        self.threads = [threading.Thread(target=self.write), threading.Thread(target=self.read)]
        for thread in self.threads:
            thread.start()

    def write(self):
        one = {"category": "GAS_LEAK", "title": "rotation", "place": {"address": "x"}}
        while self.on:
            self.child.stdin.write(json.dumps(distinct.apart(one)) + "\n")
            self.child.stdin.flush()
            self.sent += 1
            time.sleep(0.02)
        self.child.stdin.close()

    def read(self):
        self.out = [json.loads(line) for line in self.child.stdout]

    def numbers(self):
        self.on = False
        for thread in self.threads:
            thread.join(60)
        assert self.child.wait(30) == 0, [o for o in self.out if "error" in o][:3]
        assert len(self.out) == self.sent
        return [o["number"] for o in self.out]


def test_department_rotates_without_a_stop():
    """Running programs go on with the old key and change over by themselves when it ends; the key file
    is whole at every moment; programs started later have the new key."""
    file, stop, broken = cluster.dir + "/keys/GASCO.key", threading.Event(), []

    def look():
        while not stop.is_set():
            with open(file) as text:
                names = [line.split()[0] for line in text if line.strip() and line[0] != "#"]
            if sorted(names) != ["identity", "public", "role", "secret"]:
                broken.append(names)

    watcher = threading.Thread(target=look)
    watcher.start()
    runs = follower("rotated", file, "--new")
    example = sub.Subscriber(cluster, "rotated-c",
                             [cluster.bin("example_department"), cluster.dir + "/cursors/c"],
                             WHISTLE_KEY=file, WHISTLE_DOORS=cluster.dir + "/keys/doors")
    python = sub.Subscriber(cluster, "rotated-py", [
        "/usr/bin/python3", TOP + "/services/client/example/department.py", file, cluster.dir + "/keys/doors",
        cluster.dir + "/cursors/py"], PATH="/usr/bin:/bin")
    for one in (example, python):
        one.start()
    try:
        first = sub.blow(cluster, 1, "before", words=())[0]
        runner.until(lambda: runs.heard(first) and f"{first}-GASCO" in python.said("signed")
                     and f"{first}-GASCO" in example.said("signed"), 30)
        done = key("rotate", "GASCO", "--keep", "3s")[0]
        cluster.whistle("GASCO", "tasks")  # the new key works at once
        assert held("GASCO") == {done["old"]: True, done["public"]: True}
        second = sub.blow(cluster, 1, "both live", words=())[0]
        runner.until(lambda: runs.heard(second), 10)
        runner.until(lambda: not held("GASCO")[done["old"]], 6)
        time.sleep(2)  # the services look once a second
        third = sub.blow(cluster, 1, "after", words=())[0]
        runner.until(lambda: runs.heard(third) and f"{third}-GASCO" in python.said("signed")
                     and f"{third}-GASCO" in example.said("signed"), 15)
        assert runs.child.poll() is None, runs.text()
    finally:
        stop.set()
        watcher.join()
        runs.end()
        for one in (example, python):
            one.kill()
    assert not broken, broken[:2]
    assert set(sub.signatures(cluster, "GASCO").values()) == {1}
    assert os.stat(done["old_file"]).st_mode & 0o777 == 0o600
    assert key("tidy")[0] == {"files": 1, "doors": 0}
    assert not glob.glob(cluster.dir + "/keys/*until*")


def rotate_service(name):
    done = key("rotate", name, "--keep", "1h")[0]
    assert done["doors"] >= 2
    time.sleep(0.5)
    assert cluster.processes[name].stop(20) == 0
    cluster.start_service(name)
    return done


def test_services_rotate_under_load():
    """Every service's key, one restart each: no raise fails beyond its own retries, everybody who
    was connected goes on, nothing is lost."""
    police = follower("police", cluster.dir + "/keys/POLICE.key", "--new")
    load = Blower()
    time.sleep(1)
    for name in SERVICES:
        done = rotate_service(name)
        assert held(name)[done["old"]] and held(name)[done["public"]]
    time.sleep(1)
    numbers = load.numbers()
    print(f"     {len(numbers)} whistles raised meanwhile")
    assert len(set(numbers)) == len(numbers) > 50
    runner.until(lambda: police.heard(numbers[-1]), 20)
    assert set(numbers) <= {line.get("number") for line in police.lines()}
    assert police.end() == 0
    cluster.whistle(sub.STREET, "list")
    # Stolen keys are ended at once: the old lines of the doors file go, clients read it anew.
    done = key("rotate", "intake", "--keep", "0")[0]
    cluster.processes["intake"].stop(20)
    cluster.start_service("intake")
    sub.blow(cluster, 1, "stolen", words=())
    with open(cluster.dir + "/keys/doors") as doors:
        assert done["old"] not in doors.read()


def test_revoked_while_streaming():
    """Within 5 s the holder is told and ends with 1; the body's other keys, of another label, live on."""
    files = {}
    for name in ("one", "two"):
        files[name] = f"{cluster.dir}/keys/fire-{name}.key"
        key("new", "FIRE", "--role", "department", "--out", files[name], "--label", "值班电脑 " + name)
    one, two = (follower(name, files[name], "--new") for name in files)
    number = sub.blow(cluster, 1, "both hear", words=())[0]
    runner.until(lambda: one.heard(number) and two.heard(number), 20)
    load = Blower()
    assert key("revoke", "值班电脑 one")[0]["left"] == 2
    began = time.monotonic()
    assert one.child.wait(5) == 1, "the revoked one ends"
    print(f"     told after {time.monotonic() - began:.1f} s")
    error = one.lines()[-1]["error"]
    assert (error["status"], error["rule"]) == (401, "auth.ended"), error
    time.sleep(1)
    numbers = load.numbers()
    assert not one.heard(numbers[-1])
    runner.until(lambda: two.heard(numbers[-1]), 20)
    assert two.end() == 0
    # Whoever comes again is told too, soon; so is a stranger.
    public, secret = subprocess.check_output(
        ["/usr/bin/python3", "-c", "import zmq; print(*(k.decode() for k in zmq.curve_keypair()))"],
        text=True).split()
    stranger = cluster.dir + "/log/stranger.key"
    with open(stranger, "w") as file:
        file.write(f"identity FIRE\nrole department\npublic {public}\nsecret {secret}\n")
    os.chmod(stranger, 0o600)
    for file in (files["one"], stranger):
        began = time.monotonic()
        for words in (["tasks"], ["follow"]):
            done = subprocess.run([*with_key(file), *words, "--json"], capture_output=True, text=True,
                                  timeout=30)
            assert done.returncode == 1, done
            assert json.loads(done.stdout)["error"]["rule"] == "auth.unknown", done
        assert time.monotonic() - began < 10


def test_notices_end_with_their_key():
    """A standing subscription of notices, with a key whose time runs out."""
    file = cluster.dir + "/keys/second-notifier.key"
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 4))
    key("new", "NOTIFIER", "--role", "notifier", "--out", file, "--until", until)
    notify = Standing("notify", [*with_key(file), "notify", "--outbox", cluster.dir + "/outbox", "--cursor",
                                 cluster.dir + "/cursors/notices", "--json"])
    os.chmod(cluster.dir + "/outbox", 0o777)
    sub.blow(cluster, 3, "notices", words=())
    assert notify.child.wait(10) == 1, notify.text()
    assert json.loads(notify.text().splitlines()[-1])["error"]["status"] == 401, notify.text()


def figure(name, what):
    values = cluster.metrics(name)
    return next(value for label, value in values.items() if label.startswith("whistle_" + what))


def test_broken_keyring():
    """The last good one stays in force, loudly: a cut line, no key in it, no file at all."""
    path = cluster.dir + "/keys/keyring"
    with open(path) as file:
        good = file.read()
    for text in (good[:-30], "# nothing\n", None):
        os.unlink(path) if text is None else open(path, "w").write(text)
        for name in SERVICES:
            runner.until(lambda: figure(name, "keyring_bad") == 1, 5)
        cluster.whistle("FIRE", "tasks")
        cluster.whistle("FIRE", "tasks")
        with open(path, "w") as file:
            file.write(good)
        for name in SERVICES:
            runner.until(lambda: figure(name, "keyring_bad") == 0, 5)
    with open(cluster.processes["intake"].log) as log:
        assert '"event":"keyring-not-read"' in log.read().replace(" ", "")


def main():
    global cluster
    with Cluster() as cluster:
        os.chmod(cluster.dir + "/cursors", 0o777)
        try:
            return runner.main(globals())
        finally:
            for one in Standing.all:
                one.child.kill()


if __name__ == "__main__":
    sys.exit(main())
