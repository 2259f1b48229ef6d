#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""deploy/up and deploy/restart on programs already built, in a folder and at ports of their own, while
streets raise: a newer release follows an older one without a stop, one that does not come up falls back,
the same one again changes nothing; a system from before dedup gets one."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import before  # noqa: E402
import runner  # noqa: E402
from cluster import BUILD, PGBIN, TOP, free_port  # noqa: E402

NAMES = ("intake", "dedup", "dispatch", "gateway", "notify", "sheets")
PROGRAMS = ("whistle", "whistle-migrate", "whistle-intake", "whistle-dedup", "whistle-dispatch",
            "whistle-gateway")
room = environment = None


def make(where, programs=BUILD, version=None):
    """A checkout as far as deploy/ needs it, and programs that were built elsewhere."""
    top, built = f"{room}/{where}", f"{room}/{where}/programs"
    shutil.copytree(TOP + "/deploy", top + "/deploy")
    os.makedirs(built)
    for name in PROGRAMS:
        shutil.copy(os.path.join(programs, name), built)
    with open(TOP + "/CMakeLists.txt") as file:
        text = file.read()
    with open(top + "/CMakeLists.txt", "w") as file:
        file.write(re.sub(r"VERSION [0-9.]+ LANG", f"VERSION {version} LANG", text) if version else text)
    return top


def deploy(top, *words, expect=0):
    done = subprocess.run([f"{top}/deploy/{words[0]}", *words[1:]], stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, env={**environment, "WHISTLE_PROGRAMS": top + "/programs"})
    assert expect in (None, done.returncode), f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def pids():
    found = {}
    for name in NAMES:
        with open(f"{room}/live/run/{name}.pid") as file:
            found[name] = int(file.read())
    return found


def releases():
    """Which release each process runs."""
    return {name: os.readlink(f"/proc/{pid}/exe").split("/app/")[1].split("/")[0]
            for name, pid in pids().items()}


def current():
    return os.path.basename(os.readlink(f"{room}/live/app/current"))


class Work:
    """Streets that raise by the command line until it ends; each whistle is answered and dispatched."""

    def __enter__(self):
        self.numbers, self.errors, self.slowest, self.ended = [], [], 0, threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(i,)) for i in range(3)]
        for thread in self.threads:
            thread.start()
        runner.until(lambda: len(self.numbers) > 5 or self.errors, 20)
        assert not self.errors, self.errors[0]
        return self

    def run(self, i):
        n = 0
        while not self.ended.is_set():
            began, n = time.monotonic(), n + 1
            done = subprocess.run(
                [f"{room}/live/app/current/bin/whistle", "--doors", f"{room}/live/keys/doors", "--key",
                 f"{room}/live/keys/990101002.key", "raise", "--category", "FIRE_LANE", "--title",
                 f"换新 {i} {n}", "--address", "染坊街", "--json"], capture_output=True, text=True)
            if done.returncode != 0:
                self.errors.append(done.stdout + done.stderr)
                return
            self.numbers += [json.loads(done.stdout)["number"]]
            self.slowest = max(self.slowest, time.monotonic() - began)

    def __exit__(self, *_):
        count = len(self.numbers)
        if not self.errors:
            runner.until(lambda: len(self.numbers) > count + 5 or self.errors, 20)
        self.ended.set()
        for thread in self.threads:
            thread.join()
        assert not self.errors, self.errors[0]
        assert len(set(self.numbers)) == len(self.numbers)
        print(f"     {len(self.numbers)} whistles meanwhile, the slowest answer took {self.slowest:.1f} s")
        ids = ",".join(n.split("-")[1] + n.split("-")[2].zfill(7) for n in self.numbers)
        runner.until(lambda: sql(f"SELECT count(*) FROM dispatch.whistle WHERE id IN ({ids})") ==
                     str(len(self.numbers)), 20)


def sql(text):
    return subprocess.run([PGBIN + "/psql", "-qAtX", "-h", f"{room}/live/run", "-U", "whistle", "-d",
                           "whistle", "-c", text], capture_output=True, text=True, check=True,
                          user=environment.get("WHISTLE_USER")).stdout.strip()


def test_from_nothing():
    deploy(make("first"), "up")
    assert set(releases().values()) == {current()}
    assert current().startswith("0.1.0-"), current()
    assert f"release {current()}" in deploy(f"{room}/first", "status", expect=None)


def test_again_changes_nothing():
    had = pids()
    with Work():
        deploy(f"{room}/first", "up")
    assert pids() == had


def test_restart_under_load():
    had = pids()
    with Work():
        deploy(f"{room}/first", "restart")
        now = pids()
        assert all(now[name] != had[name] for name in NAMES), (had, now)
        deploy(f"{room}/first", "restart", "postgres", "dispatch")
        assert pids()["dispatch"] != now["dispatch"] and pids()["intake"] == now["intake"]
    assert "usage" in deploy(f"{room}/first", "restart", "nobody", expect=1)


def test_a_newer_release_under_load():
    before, top = current(), make("second", version="9.9.9")
    common = top + "/deploy/migrations/common"
    last = len(os.listdir(common))
    with open(f"{common}/{last + 1:04}_room.sql", "w") as file:
        file.write(f"-- keeps: {last}\nCREATE TABLE room (a int);\n")
    with Work():
        text = deploy(top, "up")
    assert "roll dispatch" in text and "roll intake" in text, text
    assert set(releases().values()) == {current()} and current().startswith("9.9.9-")
    assert sorted(os.listdir(f"{room}/live/app")) == sorted([before, current(), "current"])
    assert sql("SELECT count(*) FROM pg_tables WHERE tablename = 'room'") == "4"


def test_a_release_that_does_not_come_up_falls_back():
    good, top = current(), make("third", version="9.9.10")
    shutil.rmtree(top + "/deploy/migrations")
    shutil.copytree(f"{room}/second/deploy/migrations", top + "/deploy/migrations")
    with open(top + "/programs/whistle-intake", "w") as file:
        file.write("#!/bin/sh\necho the new one is broken >&2\nexit 1\n")
    with Work():
        text = deploy(top, "up", expect=1)
        assert "runs with the old ones again: the new one is broken" in text, text
        assert current() == good and releases()["intake"] == good
        deploy(f"{room}/second", "restart")
    assert set(releases().values()) == {good}


def test_what_the_migrator_refuses_stops_nothing():
    top = make("fourth", version="9.9.11")
    had = pids()
    with Work():
        text = deploy(top, "up", expect=1)  # its files lack the second's migration
    assert "the database is newer than the files" in text, text
    assert pids() == had


def away(top):
    deploy(top, "down")
    deploy(top, "reset", "--yes")
    assert not os.path.exists(f"{room}/live"), os.listdir(f"{room}/live")


def test_down_and_away():
    away(f"{room}/second")


def make_before():
    """A release without dedup: programs and tables from before, today's commands less what came after."""
    try:
        programs, _ = before.programs()
    except before.Absent as why:
        raise runner.Skip(f"the programs before cannot be built: {why}") from why
    top = make("before", version="0.0.9")
    for name in before.PROGRAMS:
        shutil.copy(os.path.join(programs, name), top + "/programs")
    for name in ("dedup", "gateway"):
        os.unlink(f"{top}/programs/whistle-{name}")
    shutil.rmtree(top + "/deploy/migrations")
    shutil.copytree(programs + "/migrations", top + "/deploy/migrations")
    for name in ("dedup", "gateway"):
        shutil.rmtree(f"{top}/deploy/migrations/{name}", ignore_errors=True)
    later = (r"\bwhistle-dedup | whistle-gateway(?=;)|(?<=[ \"])dedup (?=dispatch|intake)|"
             r" gateway(?=[ \"])|^(step .* make_logins|tell_logins|"
             r"    ! is_live \|\| .* key new --for-district live .*)$")
    for name in ("shared.sh", "lib.sh", "roll.sh", "up"):
        path = f"{top}/deploy/{name}"
        with open(path) as file:
            text = file.read()
        with open(path, "w") as file:
            file.write(re.sub(later, "", text, flags=re.M))
    return top


def test_a_system_from_before_dedup():
    """Under load: dispatch hears dedup from now on, which leaves alone what dispatch knew."""
    deploy(make_before(), "up")
    assert not os.path.exists(f"{room}/live/run/dedup.pid")
    assert sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'dedup'") == "0"
    with Work() as old:
        pass
    assert int(sql("SELECT seq FROM dispatch.cursor WHERE feed = 'intake'")) > len(old.numbers)
    top = make("today")
    with Work():
        deploy(top, "up")
    known = int(sql("SELECT seq FROM dispatch.cursor WHERE feed = 'intake'"))
    with open(f"{room}/live/known_upto") as file:
        assert int(file.read()) == known
    assert set(releases().values()) == {current()}
    judged = ("SELECT count(*) FROM dedup.journal d JOIN intake.journal i ON i.object = d.object AND "
              "i.kind = 3 WHERE d.kind IN (3, 4, 5) AND (i.seq <= {0}) = "
              "(position('UNCHECKED'::bytea IN d.body) {1} 0)")
    assert int(sql(judged.format(known, ">"))) >= len(old.numbers)
    assert sql(judged.format(known, "=")) == "0"
    runner.until(lambda: sql("SELECT c.seq = h.seq FROM dispatch.cursor AS c, dedup.head AS h "
                             "WHERE c.feed = 'dedup'") == "t")
    gone_out = "SELECT count(*) FROM dispatch.journal WHERE kind = 3"
    had = sql(gone_out)
    deploy(top, "restart", "dedup", "dispatch")
    assert sql(gone_out) == had
    away(top)


def main():
    global room, environment
    room = tempfile.mkdtemp(prefix="wh-deploy-", dir="/tmp")
    os.chmod(room, 0o755)
    environment = {**os.environ, "WHISTLE_DATA": room + "/live", "WHISTLE_PORT": str(free_port()),
                   "WHISTLE_HTTP_PORT": str(free_port()),
                   "WHISTLE_DEMO": "0", "LC_ALL": "C.UTF-8"}
    if os.geteuid() == 0:
        environment["WHISTLE_USER"] = os.environ.get("WHISTLE_TEST_USER", "postgres")
    try:
        return runner.main(globals())
    finally:
        if os.path.exists(room + "/live"):
            subprocess.run([TOP + "/deploy/reset", "--yes"], env=environment, capture_output=True)
        shutil.rmtree(room, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
