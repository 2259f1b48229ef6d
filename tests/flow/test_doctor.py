#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""whistle doctor: each thing is broken for real, one after the other, and must be named; afterwards all
is well again."""
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import runner  # noqa: E402
import subscriber as sub  # noqa: E402
from cluster import Cluster  # noqa: E402

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
cluster = None


def doctor(who="OPERATOR", key=None, **env):
    """{cause: finding, of several the details together}; exit code and `good` agree."""
    done = subprocess.run([cluster.bin("whistle"), "--doors", cluster.dir + "/keys/doors", "--key",
                           key or f"{cluster.dir}/keys/{who}.key", "doctor", "--json"],
                          capture_output=True, text=True, timeout=60, env={**os.environ, **env})
    said = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == (0 if said["good"] else 1), done
    assert said["good"] == all(c["good"] for c in said["checks"])
    for check in said["checks"]:
        assert check["good"] == ("cause" not in check) and check["detail"], check
    found = {}
    for check in said["checks"]:
        if not check["good"]:
            other = found.setdefault(check["cause"], {**check, "detail": ""})
            other["detail"] += check["detail"] + "\n"
    return found


def names(cause, part="", seconds=8, **more):
    """The doctor says so, soon, and says what to do."""
    found = runner.until(lambda: (lambda f: f if cause in f else None)(doctor(**more)), seconds, 0.3)
    assert part in found[cause]["detail"], found[cause]
    assert found[cause].get("do"), found[cause]
    return found


def well(seconds=20):
    end = time.monotonic() + seconds
    while found := doctor():
        assert time.monotonic() < end, found
        time.sleep(0.3)


def edit(path, change):
    with open(path) as file:
        text = file.read()
    with open(path, "w") as file:
        file.write(change(text))
    return text


def restart(name, wait=True, **env):
    cluster.processes[name].stop()
    cluster.start_service(name, wait=wait, **env)


def test_all_is_well():
    sub.blow(cluster, 3, "well", words=())
    for who in ("OPERATOR", "AUDITOR", "DISTRICT", "GASCO", sub.STREET, "LEADER"):
        assert not doctor(who), who


def test_service_down():
    for name in ("intake", "dedup"):  # each is followed by the next one
        cluster.processes[name].stop()
        found = names("peer.absent", name)
        assert "feed.lost" in names("feed.lost", name), found
        assert "peer.absent" in doctor("GASCO")
        cluster.start_service(name)
        well()


def test_service_frozen():
    cluster.processes["dispatch"].send(signal.SIGSTOP)
    names("peer.frozen", "dispatch")
    cluster.processes["dispatch"].send(signal.SIGCONT)
    runner.until(lambda: not cluster.processes["dispatch"].alive() or cluster.ready("dispatch"), 20)
    if not cluster.processes["dispatch"].alive():
        cluster.start_service("dispatch")
    well()


def test_keys():
    doors, public = cluster.dir + "/keys/doors", cluster.public_key("intake")
    was = edit(doors, lambda text: text.replace(public, cluster.public_key("dispatch")))
    names("door.key", "intake")
    edit(doors, lambda _: was)
    path = cluster.dir + "/keys/lost.key"
    ring = ["--keyring", cluster.dir + "/keys/keyring"]
    cluster.sh([cluster.bin("whistle"), "key", "new", "GASCO", "--role", "department", "--out", path, *ring])
    assert not doctor(key=path)
    cluster.sh([cluster.bin("whistle"), "key", "revoke", "GASCO", "--until", "2099-01-01T00:00:00Z", *ring])
    with open(path) as file:
        mine = next(line.split()[1] for line in file if line.startswith("public"))
    cluster.sh([cluster.bin("whistle"), "key", "revoke", mine, *ring])
    found = names("key.refused", "revoked", key=path, LC_ALL="en_US.UTF-8")
    elsewhere = cluster.dir + "/log/elsewhere"  # a department's own computer: no keyring to look at
    os.makedirs(elsewhere, exist_ok=True)
    for name in ("lost.key", "doors"):
        with open(f"{cluster.dir}/keys/{name}") as one, open(f"{elsewhere}/{name}", "w") as other:
            other.write(one.read())
    os.chmod(elsewhere + "/lost.key", 0o600)
    done = subprocess.run([cluster.bin("whistle"), "--key", elsewhere + "/lost.key", "doctor", "--json"],
                          capture_output=True, text=True, timeout=60)
    assert "key.refused" in done.stdout and done.returncode == 1, (done, found)
    os.chmod(path, 0o644)
    names("key.open", "lost.key")
    assert "key.open" in doctor(key=path)
    os.unlink(path)
    well()


def test_keyring():
    was = edit(cluster.dir + "/keys/keyring", lambda text: text + "this is no key\n")
    found = names("keyring.broken", ":")
    assert "keyring.broken" in names("keyring.broken", "keyring:", who="AUDITOR"), found
    edit(cluster.dir + "/keys/keyring", lambda _: was)
    well()


def test_secrets():
    path = cluster.dir + "/secrets/vault.key"
    os.rename(path, path + ".away")
    names("secret.missing", "vault.key")
    os.rename(path + ".away", path)
    os.chmod(path, 0o644)
    names("key.open", "vault.key")
    os.chmod(path, 0o600)
    well()


def test_database():
    postgres = cluster.processes["postgres"]
    postgres.send(signal.SIGINT)
    postgres.wait(30)
    names("busy.database", "socket")  # the operator hears what the connection ended with
    assert "socket" not in str(doctor("GASCO")["busy.database"])
    cluster.start_postgres()
    well()
    cluster.sql("ALTER SYSTEM SET fsync = off")
    cluster.sql("SELECT pg_reload_conf()")
    time.sleep(0.5)
    restart("intake", wait=False)
    names("peer.absent", "database.fsync")
    cluster.sql("ALTER SYSTEM RESET fsync")
    cluster.sql("SELECT pg_reload_conf()")
    time.sleep(0.5)
    cluster.start_service("intake")
    well()
    for on in ("SET default_transaction_read_only = on", "RESET default_transaction_read_only"):
        for role in ("whistle_intake", "whistle_dispatch"):
            cluster.sql(f"ALTER ROLE {role} {on}")
        cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'whistle_%'")
        if on.startswith("SET"):
            names("busy.database", "read-only")
    well()


def test_disk():
    restart("dispatch", WHISTLE_DATA_DIR=cluster.dir + "/pg", WHISTLE_MIN_FREE_MB=str(1 << 20))
    found = names("disk.scarce", "pg")
    assert found["disk.scarce"]["check"] == "dispatch"
    restart("dispatch")
    well()


def test_clocks():
    names("clock.apart", LD_PRELOAD=FAKETIME, FAKETIME="+1h", FAKETIME_DONT_FAKE_MONOTONIC="1")
    restart("dispatch", LD_PRELOAD=FAKETIME, FAKETIME="-1h", FAKETIME_DONT_FAKE_MONOTONIC="1")
    found = names("clock.database", "dispatch")
    assert "dispatch" in found["clock.apart"]["detail"]
    restart("dispatch")
    well()


def test_letters():
    cluster.sql(dead_letter())
    names("letters.open", "dispatch")
    cluster.sql("DELETE FROM dispatch.dead_letter")
    well()


def dead_letter():
    """An INSERT that fills every column that must not be null."""
    rows = cluster.sql("SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = "
                       "'dispatch' AND table_name = 'dead_letter' AND is_nullable = 'NO' AND column_default "
                       "IS NULL AND is_identity = 'NO' AND column_name <> 'feed'")
    value = {"bigint": "1", "integer": "1", "smallint": "1", "text": "'x'", "bytea": "''"}
    columns = ", ".join(["feed", *(row[0] for row in rows)])
    return (f"INSERT INTO dispatch.dead_letter ({columns}) VALUES ('intake', "
            + ", ".join(value[row[1]] for row in rows) + ")")


def test_routing():
    with open(cluster.district) as file:
        district = json.load(file)
    good = json.dumps(district)
    district["desks"] = [desk for desk in district["desks"] if "GASCO" not in desk.values()]
    path = cluster.dir + "/log/holes.json"
    for text in (json.dumps(district), good):
        with open(path, "w") as file:
            file.write(text)
        cluster.whistle("OPERATOR", "import", path, "--apply", expect=None)
        if text != good:
            names("routing.holes", LC_ALL="en_US.UTF-8")
    well()


def test_followers():
    slow = subprocess.Popen([*cluster.command("GASCO"), "follow"], stdout=subprocess.DEVNULL)
    try:
        sub.blow(cluster, 1, "slow", words=())
        time.sleep(1)
        slow.send_signal(signal.SIGSTOP)
        sub.blow(cluster, 1500, "slow")
        names("follower.behind", "GASCO", seconds=5)
    finally:
        slow.kill()
        slow.wait()
    well(30)


def test_rewound():
    cluster.processes["dispatch"].stop()
    cursors = cluster.sql("SELECT feed, encode(hash, 'hex') FROM dispatch.cursor")
    assert "dedup" in {feed for feed, _ in cursors}, cursors
    cluster.sql("UPDATE dispatch.cursor SET hash = decode(repeat('00', 32), 'hex')")
    cluster.start_service("dispatch", wait=False)
    names("feed.rewound", "dedup")
    cluster.processes["dispatch"].stop()
    for feed, taken in cursors:
        cluster.sql(f"UPDATE dispatch.cursor SET hash = decode('{taken}', 'hex') WHERE feed = '{feed}'")
    cluster.start_service("dispatch")
    well()


def main():
    global cluster
    with Cluster() as cluster:
        return runner.main(globals())


if __name__ == "__main__":
    sys.exit(main())
