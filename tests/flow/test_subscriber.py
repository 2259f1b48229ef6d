#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A department at the wire: the library's example killed at random times, the command line's cursor;
what its key opens and what it does not; keys that end, change and have not begun yet, seen from a
connection that is open."""
import json
import os
import random
import signal
import subprocess
import sys
import time

import zmq

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import runner  # noqa: E402
import subscriber as sub  # noqa: E402
from cluster import SERVICES, TOP, Cluster  # noqa: E402

sys.path.insert(0, TOP + "/services/client/example")
import department as wire  # noqa: E402

cluster = None


def example(name, key, file=None):
    keys = cluster.dir + "/keys"
    return sub.Subscriber(cluster, name, [cluster.bin("example_department"), f"{cluster.dir}/cursors/{name}"],
                          WHISTLE_KEY=file or f"{keys}/{key}.key", WHISTLE_DOORS=keys + "/doors")


def refused(who, *words, expect=1):
    error = cluster.whistle(who, *words, expect=expect)[0]["error"]
    return error["status"], error["rule"]


class Raw:
    """A key file's own connection, without any library of ours."""

    def __init__(self, kind, key):
        own = key if "/" in key else f"{cluster.dir}/keys/{key}.key"
        self.line = wire.Line(kind, own, cluster.dir + "/keys/doors")

    def follow(self, feed="dispatch", subjects=(), **more):
        self.line.send(wire.wire.Frame(follow=wire.wire.Follow(
            feed=feed, subjects=subjects, credit_events=100, credit_bytes=1 << 20, **more)))
        return self.line.receive(3)

    def sign(self, task, id=None):
        """Done, an Error, or None after 1.5 s."""
        body = wire.words_of.DispatchCommand(sign=wire.words_of.SignTasks(tasks=[task]))
        id = id or wire.request_id(int(time.time() * 1000), task + os.urandom(8).hex())
        if not self.line.send(wire.wire.Frame(command=wire.wire.Command(
                request_id=id, body=body.SerializeToString()))):
            return None
        end = time.monotonic() + 1.5
        while (left := end - time.monotonic()) > 0:
            got = self.line.receive(left)
            if got and got.answer.request_id == id:
                return got.answer.done if got.answer.HasField("done") else got.answer.error
        return None

    def close(self):
        self.line.socket.close(0)


def test_example_killed_at_random():
    sub.killed_at_random(cluster, example("random", "GASCO"), "GASCO", seed=3, seconds=12, longest=0.6)


def test_command_line_killed_at_random():
    """`follow --cursor` prints every event of its department, whenever it was killed."""
    chance, path = random.Random(5), cluster.dir + "/log/follow.out"
    command = [*cluster.command("FIRE"), "follow", "--json", "--cursor", cluster.dir + "/cursors/follow"]
    numbers, end = [], time.monotonic() + 8
    while time.monotonic() < end:
        with open(path, "ab") as out:
            child = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
        numbers += sub.blow(cluster, chance.randrange(1, 20), "follow")
        time.sleep(chance.uniform(0, 0.5))
        child.send_signal(chance.choice([signal.SIGKILL, signal.SIGTERM]))
        child.wait()
        with open(path, "ab") as out:  # what a kill cut off in a line ends here
            out.write(b"\n")
    with open(path, "ab") as out:
        subprocess.run([*command, "--once"], stdout=out, timeout=60, check=True)
    seen = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            seen.setdefault(event["seq"], event)
            assert seen[event["seq"]] == event
    called = {e["number"] for e in seen.values() if e["kind"] == "WhistleDispatched"}
    assert set(numbers) <= called, len(set(numbers) - called)
    fire = {row[0] for row in cluster.sql(
        f"SELECT seq FROM dispatch.journal WHERE subjects @> ARRAY[{subject('FIRE')}]")}
    assert {str(s) for s in seen} == fire, (len(seen), len(fire))


def subject(code):
    """The integer that stands for a body: the one that all events it hears have in common."""
    lines = cluster.whistle(code, "follow", "--once", timeout=120)
    seqs = ",".join(str(line["seq"]) for line in lines)
    return cluster.sql("SELECT s FROM (SELECT unnest(subjects) s FROM dispatch.journal WHERE seq IN "
                       f"({seqs})) x GROUP BY 1 HAVING count(*) = {len(lines)} ORDER BY 1 DESC")[0][0]


def test_its_own_tasks_only():
    number = sub.blow(cluster, 1, "whose", words=())[0]
    for words in (["sign", f"{number}-GASCO"], ["check-in", f"{number}-GASCO"],
                  ["report", f"{number}-GASCO", "--outcome", "SOLVED"],
                  ["refuse", f"{number}-GASCO", "--reason", "WRONG_AREA", "--basis", "b", "--alternative",
                   "FIRE"], ["delegate", f"{number}-GASCO", "--officer", "o1"]):
        status, rule = refused("FIRE", *words, *(["--text", "x"] if words[0] == "report" else []))
        assert status == 403, (words, status, rule)
    assert refused("FIRE", "confirm", number, "--verdict", "SOLVED")[0] == 403
    assert refused("990101003", "confirm", number, "--verdict", "SOLVED")[0] == 403
    assert refused("WATER", "show", number)[0] == 403  # not called: may not even see it
    assert refused("WATER", "history", number)[0] == 403
    assert refused("OPERATOR", "sign", f"{number}-GASCO")[0] == 403
    # An officer is of the key's own body: he opens no other body's tasks, nor does acting for it.
    assert refused("FIRE", "sign", f"{number}-GASCO", "--officer", "GASCO")[0] == 403
    for code in ("GASCO", "DISTRICT"):
        error = as_other("FIRE", f"{number}-GASCO", acting_for=code)
        assert (error.status, error.DESCRIPTOR.name) == (403, "Error"), error
    states = {t["department"]: t["state"] for t in cluster.whistle(sub.STREET, "show", number)[0]["tasks"]}
    assert set(states.values()) <= {"PENDING", "DELIVERED"}, states


def as_other(key, task, acting_for):
    one = Raw("door", key)
    body = wire.words_of.DispatchCommand(sign=wire.words_of.SignTasks(tasks=[task]))
    id = wire.request_id(int(time.time() * 1000), acting_for)
    one.line.send(wire.wire.Frame(command=wire.wire.Command(
        request_id=id, acting_for=acting_for, body=body.SerializeToString())))
    got = one.line.receive(5)
    one.close()
    return got.answer.done if got.answer.HasField("done") else got.answer.error


def test_its_own_subjects_only():
    one = Raw("feed", "FIRE")
    for subjects in (["GASCO"], ["FIRE", "GASCO"], ["990101002"], ["GASCO"] * 30):
        error = one.follow(subjects=subjects).answer.error
        assert error.status == 403 and error.rule == "scope.foreign", error
    assert one.follow(subjects=["FIRE"]).HasField("events")
    for feed in ("notices", "nothing"):
        assert one.follow(feed=feed).answer.error.status in (400, 403), feed
    assert one.follow(hashes=True).answer.error.status == 403
    one.close()
    seen = [e for e in cluster.whistle("WATER", "follow", "--once")]
    assert seen == [], seen[:2]


def test_a_stranger_hears_nothing():
    """A key in nobody's keyring: no answer of any kind, at the door as at the feed."""
    public, secret = (k.decode() for k in zmq.curve_keypair())
    path = cluster.dir + "/log/stranger.key"
    with open(path, "w") as file:
        file.write(f"identity GASCO\nrole department\npublic {public}\nsecret {secret}\n")
    os.chmod(path, 0o600)
    door, feed = Raw("door", path), Raw("feed", path)
    assert door.sign("AL-20261123-0001-GASCO") is None
    assert feed.follow() is None
    door.close()
    feed.close()


def test_a_copied_routing_id_hears_nothing():
    """Whoever claims GASCO's routing id with his own key gets none of GASCO's events."""
    thief = Raw("feed", "WATER")
    thief.line.socket.close(0)
    thief.line.socket = s = zmq.Context.instance().socket(zmq.DEALER)
    own = dict(wire.words(cluster.dir + "/keys/WATER.key"))
    end, server = thief.line.ends[-1]
    s.curve_serverkey, s.curve_publickey, s.curve_secretkey = (
        k.encode() for k in (server, own["public"], own["secret"]))
    s.setsockopt(zmq.IDENTITY, b"GASCO")
    s.linger = 0
    s.connect(end)
    s.send(wire.wire.Frame(follow=wire.wire.Follow(
        feed="dispatch", credit_events=100, credit_bytes=1 << 20)).SerializeToString())
    sub.blow(cluster, 3, "stolen?")
    while thief.line.socket.poll(1000):
        frame = wire.wire.Frame.FromString(thief.line.socket.recv())
        assert not frame.events.events
    thief.close()


def second_key(name, code="GASCO", *words):
    """Another key of the same body, in the keyring too: its file and its public half."""
    keys = cluster.dir + "/keys"
    path = f"{keys}/{name}.key"
    cluster.sh([cluster.bin("whistle"), "key", "new", code, "--role", "department", "--out", path,
                "--keyring", keys + "/keyring", *words])
    return path, dict(wire.words(path))["public"]


def test_revoked_on_open_connections():
    """Within 5 s the door does not answer and the feed does not speak any more, without a new
    connection; the body's other key goes on all the while."""
    path, public = second_key("revoked")
    old, new = Raw("door", "GASCO"), Raw("door", path)
    tasks = [f"{n}-GASCO" for n in sub.blow(cluster, 4, "revoked", words=())]
    runner.until(lambda: new.sign(tasks[0]), 10)
    heard, other = Raw("feed", path), Raw("feed", "GASCO")
    assert heard.follow().HasField("events") and other.follow().HasField("events")
    assert old.sign(tasks[1]).DESCRIPTOR.name == "Done"
    cluster.sh([cluster.bin("whistle"), "key", "revoke", public, "--keyring", cluster.dir + "/keys/keyring"])
    time.sleep(5)
    while heard.line.socket.poll(0):  # what was said before
        heard.line.socket.recv()
    answer = new.sign(tasks[2])
    assert answer is None or answer.status in (401, 403), answer
    assert old.sign(tasks[3]).DESCRIPTOR.name == "Done"
    number = sub.blow(cluster, 1, "after", words=())[0]
    end = time.monotonic() + 2.5
    while time.monotonic() < end:
        if heard.line.socket.poll(500):
            frame = wire.wire.Frame.FromString(heard.line.socket.recv())
            assert not frame.events.events, "events for a key that has ended"
    assert tasks[2] not in sub.signatures(cluster, "GASCO") and number
    for one in (old, new, heard, other):
        one.close()


def test_rotation_without_a_gap():
    """A subscriber with the old key, then one with the new key and the same cursor: nothing is lost,
    nothing signed twice, both keys live for a while."""
    path, _ = second_key("rotated", "POLICE")
    before, after = example("rotation", "POLICE"), example("rotation", "POLICE", path)
    first = {f"{n}-POLICE" for n in sub.blow(cluster, 20, "old key")}
    before.start()
    runner.until(lambda: first <= set(before.said("signed")), 20)
    before.kill()
    second = {f"{n}-POLICE" for n in sub.blow(cluster, 20, "new key")}
    after.start()
    runner.until(lambda: second <= set(after.said("signed")), 20)
    after.kill()
    count = sub.signatures(cluster, "POLICE")
    assert first | second <= set(count) and set(count.values()) == {1}


def keyring_line(public, old, new):
    """Changes one key's line of the keyring, whole file by rename."""
    path = cluster.dir + "/keys/keyring"
    with open(path) as file:
        lines = file.read().splitlines(keepends=True)
    with open(path + ".new", "w") as file:
        file.writelines(line.replace(old, new) if line.startswith(public) else line for line in lines)
    cluster.own(path + ".new")
    os.rename(path + ".new", path)
    for name in SERVICES:
        cluster.processes[name].send(signal.SIGHUP)


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def test_a_key_that_has_not_begun_or_has_ended():
    path, public = second_key("later", "GASCO")
    task = sub.blow(cluster, 1, "not yet", words=())[0] + "-GASCO"
    with open(cluster.dir + "/keys/keyring") as file:
        words = next(line.split() for line in file if line.startswith(public))
    keyring_line(public, f" {words[3]} ", f" {stamp(6)} ")
    time.sleep(1)
    one = Raw("door", path)
    assert one.sign(task) is None
    began = time.monotonic()
    runner.until(lambda: one.sign(task), 12)  # its hour has come; nobody touched a file
    assert time.monotonic() - began > 1
    keyring_line(public, words[4] + "\n", stamp(2) + "\n")
    time.sleep(4)
    answer = one.sign(task)
    assert answer is None or answer.status in (401, 403), answer
    one.close()


def main():
    global cluster
    wire.wire, wire.words_of = wire.vocabulary(TOP + "/proto")
    with Cluster() as cluster:
        return runner.main(globals())


if __name__ == "__main__":
    sys.exit(main())
