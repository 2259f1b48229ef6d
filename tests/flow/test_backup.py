#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Backup, drill and restore, with the operator's own commands: a backup taken while streets raise
whistles holds everything that was acknowledged before it began; a damaged one is told, wherever the
damage is; after a restore everybody who was ahead comes back by command, and no lost number is given
again."""
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import distinct  # noqa: E402
import runner  # noqa: E402
from cluster import SERVICES, TOP, Cluster  # noqa: E402

STREET = "990101002"
cluster = None
good = {}  # the backup that the tests share: {"path", "acknowledged", "secrets"}


def deploy_env(folder=None):
    env = {**os.environ, "WHISTLE_DATA": folder or cluster.dir, "WHISTLE_BIN": cluster.dir + "/bin"}
    if cluster.user is not None:
        env["WHISTLE_USER"] = "postgres"
    return env


def deploy(command, *words, expect=0, folder=None):
    """An operator's command on this cluster's (or another) folder: (standard output, standard error)."""
    done = subprocess.run([f"{TOP}/deploy/{command}", *words], env=deploy_env(folder), capture_output=True,
                          text=True, timeout=300, stdin=subprocess.DEVNULL)
    if expect is not None and done.returncode != expect:
        raise AssertionError(f"{command} {' '.join(words)}: exit {done.returncode}, expected {expect}\n"
                             f"{done.stdout}{done.stderr}")
    return done.stdout, done.stderr


class Raising:
    """A street that raises whistles, a batch at a time, until it ends; what was acknowledged, and when."""

    def __init__(self, batch=10, pause=0.1):
        self.batch, self.pause = batch, pause

    def __enter__(self):
        self.numbers, self.errors, self.ended = [], [], threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def run(self):
        one = {"category": "STREET_VENDOR", "title": "流动摊贩", "place": {"address": "染坊街"}}
        while not self.ended.is_set():
            try:
                for told in cluster.whistle(STREET, "raise", "--file", "-", "--no-wait",
                                            stdin="".join(json.dumps(distinct.apart(one)) + "\n"
                                                          for _ in range(self.batch))):
                    self.numbers.append((time.monotonic(), told["number"]))
                time.sleep(self.pause)
            except AssertionError as error:
                self.errors.append(error)
                return

    def rate(self, begin, end):
        return sum(begin <= at < end for at, _ in self.numbers) / max(0.001, end - begin)

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


def gas(title, *more):
    return cluster.whistle("990101001", "raise", "--category", "GAS_LEAK", "--title", title, "--address",
                           "槐荫里", "--answer", "smell_where=楼道", "--text", distinct.words(),
                           *more)[0]["number"]


def known(numbers):
    """Which of these numbers intake and dispatch know."""
    ids = [int(n.split("-")[1]) * 10**7 + int(n.split("-")[2]) for n in numbers]
    rows = cluster.sql("SELECT w.id FROM intake.whistle w JOIN dispatch.whistle d USING (id) "
                       f"WHERE w.id = ANY ('{{{','.join(map(str, ids))}}}')")
    return len(rows)


def drill(path, expect=0):
    return json.loads(deploy("drill", path, "--json", expect=expect)[0])


def copy_of(path):
    copy = f"{cluster.dir}/damaged-{time.monotonic_ns()}"
    cluster.sh(["cp", "-a", path, copy])
    return copy


def test_backup_under_load():
    for _ in range(3):
        gas("有燃气味", "--reporter-name", "王五", "--reporter-phone", "13800000000")
    with Raising() as raising:
        time.sleep(3)
        began = time.monotonic()
        told = json.loads(deploy("backup", "--json", "--secrets", cluster.dir + "/elsewhere")[0])
        ended = time.monotonic()
        time.sleep(1.5)
    assert not raising.errors, raising.errors
    good["path"], good["secrets"] = told["backup"], told["secrets"]
    good["acknowledged"] = [n for at, n in raising.numbers if at < began]
    assert len(good["acknowledged"]) > 50 and raising.rate(began, ended) > 0
    with open(good["path"] + "/manifest.json") as file:
        manifest = json.load(file)
    for schema in SERVICES:
        assert manifest["before"]["schemas"][schema]["seq"] <= manifest["after"]["schemas"][schema]["seq"]
    private = [f for f in glob.glob(good["path"] + "/**", recursive=True)
               if f.endswith(".key") and "/pg/" not in f]
    assert not private, private
    with open(cluster.dir + "/secrets/vault.key", "rb") as file:
        vault = file.read()
    assert sorted(os.listdir(good["secrets"])) == ["keys", "secrets"]
    for path in glob.glob(good["path"] + "/settings/*"):
        with open(path, "rb") as file:
            assert vault not in file.read()


def test_drill_says_it_is_good():
    found = drill(good["path"])
    assert found["good"] is True and found["faults"] == []
    assert set(found["schemas"]) == {*SERVICES, "gateway"} and found["schemas"]["dedup"]["rows"] > 100, found
    assert found["schemas"]["dispatch"]["rows"] > 100 and 0 <= found["age_s"] < 600, found
    print(f"     drill: {found['seconds']} s, newest whistle {found['age_s']} s old")
    assert not glob.glob("/tmp/whistle-drill-*/pg"), "something is left of a drill"


def test_drill_finds_damage():
    missing = copy_of(good["path"])
    os.unlink(next(p for p in glob.glob(missing + "/pg/base/*/*") if os.path.getsize(p) > 100000))
    assert drill(missing, expect=1)["good"] is False
    flipped = copy_of(good["path"])
    path = max(glob.glob(flipped + "/pg/base/*/*"), key=os.path.getsize)
    with open(path, "r+b") as file:
        file.seek(os.path.getsize(path) // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))
    found = drill(flipped, expect=1)
    assert any("files" in fault for fault in found["faults"]), found["faults"]
    for file in (missing, flipped):
        shutil.rmtree(file)
    half = copy_of(good["path"])
    os.unlink(half + "/manifest.json")
    assert "whole" in deploy("drill", half, expect=1)[1]
    assert "whole" in deploy("restore", half, "--yes", expect=1)[1]
    shutil.rmtree(half)


def test_drill_finds_a_row_changed_in_the_database():
    """Every file is as it was taken, and yet a row of each journal is not what was decided."""
    changes = {"dedup": "body = set_byte(body, 12, get_byte(body, 12) # 1)",
               "dispatch": "body = set_byte(body, 20, get_byte(body, 20) # 1)",
               "intake": "hash = set_byte(hash, 0, get_byte(hash, 0) # 1)"}
    rows = {schema: cluster.sql(f"SELECT seq, encode(body, 'hex'), encode(hash, 'hex') FROM {schema}.journal "
                                "ORDER BY seq OFFSET 20 LIMIT 1")[0] for schema in changes}
    for schema, change in changes.items():
        cluster.sql(f"UPDATE {schema}.journal SET {change} WHERE seq = {rows[schema][0]}")
    try:
        path = json.loads(deploy("backup", cluster.dir + "/changed", "--json")[0])["backup"]
    finally:
        for schema, (seq, body, hash) in rows.items():
            cluster.sql(f"UPDATE {schema}.journal SET body = decode('{body}', 'hex'), "
                        f"hash = decode('{hash}', 'hex') WHERE seq = {seq}")
    faults = drill(path, expect=1)["faults"]
    for schema in changes:
        assert any(schema in f and "chain" in f and f"({rows[schema][0]})" in f for f in faults), faults


def test_only_whole_backups_are_kept():
    folder = cluster.dir + "/kept"
    os.makedirs(folder + "/.new-whistle-torn/pg")
    os.makedirs(folder + "/whistle-20200101T000000Z/pg")  # no manifest: none, and not ours to remove
    cluster.own(folder)
    first = json.loads(deploy("backup", folder, "--keep", "1", "--json")[0])["backup"]
    time.sleep(1)
    second = json.loads(deploy("backup", folder, "--keep", "1", "--json")[0])["backup"]
    names = sorted(n for n in os.listdir(folder) if n != ".lock")
    assert names == sorted(["whistle-20200101T000000Z", os.path.basename(second)]), names
    assert first != second
    assert "inside" in deploy("backup", folder, "--secrets", folder + "/secret", expect=1)[1]
    deploy("backup", folder, "--keep", "none", expect=2)


def test_by_connection_string():
    """Another cluster, as a role that may replicate and read, and no more."""
    cluster.sql("CREATE ROLE keeper LOGIN REPLICATION")
    cluster.sql("GRANT pg_read_all_data TO keeper")
    where = f"host={cluster.dir}/run,/nowhere dbname=whistle user=keeper target_session_attrs=read-write"
    told = json.loads(deploy("backup", cluster.dir + "/afar", "--connection", where, "--json")[0])
    with open(told["backup"] + "/manifest.json") as file:
        assert json.load(file)["after"]["schemas"]["dispatch"]["seq"] > 100


def stop(*names):
    for name in names:
        cluster.processes[name].send(signal.SIGINT if name == "postgres" else signal.SIGTERM)
        cluster.processes[name].wait(30)


def bring_up():
    cluster.start_postgres()
    with open(cluster.dir + "/number_after") as file:
        after = file.read().strip()
    for name in SERVICES:
        cluster.start_service(name, WHISTLE_NUMBER_AFTER=after)
    return int(after)


def follow(who, cursor, expect=0):
    return cluster.whistle(who, "follow", "--once", "--cursor", cursor, expect=expect, timeout=120)


def test_restore():
    cursor, kept = cluster.dir + "/cursors/gasco", cluster.dir + "/cursors/kept"
    follow("GASCO", cursor)
    shutil.copy(cursor, kept)
    lost = [gas(f"丢失 {i}") for i in range(5)]
    follow("GASCO", cursor)
    sent = len(glob.glob(cluster.dir + "/outbox/*.json"))
    refused = deploy("restore", good["path"], "--yes", expect=1)[1]
    assert "PostgreSQL" in refused and "pid" in refused, refused
    stop("notify", "dispatch", "dedup", "intake", "postgres")
    assert "--yes" in deploy("restore", good["path"], expect=1)[1]
    with open(cluster.dir + "/keys/keyring", "a") as ring:
        ring.write("# newer than the backup\n")

    # With another vault key everything sealed would stay closed: refused before anything is moved.
    vault = cluster.dir + "/secrets/vault.key"
    os.rename(vault, vault + ".away")
    assert "sealed" in deploy("restore", good["path"], "--yes", expect=1)[1]
    assert os.path.exists(cluster.dir + "/pg/PG_VERSION")
    text = deploy("restore", good["path"], "--yes", "--secrets", good["secrets"])[0]
    with open(vault, "rb") as a, open(vault + ".away", "rb") as b:
        assert a.read() == b.read()
    with open(cluster.dir + "/keys/keyring") as ring:
        assert "newer than the backup" in ring.read(), "an older keyring lets revoked keys in again"
    assert glob.glob(cluster.dir + "/pg.before-*/PG_VERSION")

    with open(cluster.dir + "/restored.json") as file:
        restored = json.load(file)
    assert restored["dispatch"] in text
    after = bring_up()
    assert known(good["acknowledged"]) == len(good["acknowledged"]), "acknowledged before, and lost"
    cluster.whistle("AUDITOR", "history", "--verify")
    for number in lost:
        assert cluster.whistle("990101001", "show", number, expect=1)[0]["error"]["status"] == 404

    # Numbers that were lost are never given again, also after another start.
    fresh = [gas("恢复后") for _ in range(3)]
    stop("intake")
    cluster.start_service("intake", WHISTLE_NUMBER_AFTER=str(after))
    fresh.append(gas("再启动后"))
    assert len(set(fresh)) == 4 and not set(fresh) & set(lost)
    assert [int(n.split("-")[2]) for n in fresh] == [after % 10**7 + i for i in range(1, 5)], fresh

    # A department that was ahead is told, goes back by command, and hears what is new.
    assert follow("GASCO", cursor, expect=None)[-1]["error"]["code"] == "rewound"
    assert cluster.whistle("GASCO", "rewind", cursor, "x:y", expect=2)[0]["error"]["field"] == "POINT"
    moved = cluster.whistle("GASCO", "rewind", cursor, restored["dispatch"])[0]
    assert moved["moved"] is True and moved["to"] < moved["from"]
    told = [e.get("number") for e in follow("GASCO", cursor)]
    assert set(fresh) <= set(told) and not set(lost) & set(told)
    assert cluster.whistle("GASCO", "rewind", cursor, restored["dispatch"])[0]["moved"] is True
    assert cluster.whistle("GASCO", "rewind", cursor, restored["dispatch"])[0]["moved"] is False

    # The sender of notices: its cursor is aside, it sends what is new.
    cluster.start_notify()
    runner.until(lambda: all(glob.glob(f"{cluster.dir}/outbox/{n}-GASCO*CALL*.json") for n in fresh), 60)
    assert len(glob.glob(cluster.dir + "/outbox/*.json")) > sent
    assert cluster.processes["notify"].alive()
    unsealed = cluster.whistle("990101001", "list", "--category", "GAS_LEAK", "--limit", "500")[0]["whistles"]
    assert {w["title"] for w in unsealed} >= {"有燃气味", "恢复后"}
    first = next(w["number"] for w in reversed(unsealed) if w["title"] == "有燃气味")
    person = cluster.whistle("990101001", "unseal", first, "--reason", "恢复演练核对")[0]
    assert person["reporter"] == {"name": "王五", "phone": "13800000000"}


def test_before_the_first_day():
    """A backup of a system without a district is good too."""
    with Cluster(district=None) as empty:
        path = json.loads(deploy("backup", "--json", folder=empty.dir)[0])["backup"]
        found = json.loads(deploy("drill", path, "--json", folder=empty.dir)[0])
    assert found["good"] is True and found["newest_whistle"] is None, found


def test_restore_on_a_new_machine():
    """Keys that were made there before are strangers to the backup: keys, secrets and keyring are its own."""
    new = cluster.dir + "/new"
    os.makedirs(new + "/keys")
    cluster.own(new)
    cluster.own(new + "/keys")
    cluster.sh([cluster.dir + "/bin/whistle", "key", "new", "--base", "--keys", new + "/keys", "--keyring",
                new + "/keys/keyring"])
    assert "sealed" in deploy("restore", good["path"], expect=1, folder=new)[1]
    deploy("restore", good["path"], "--secrets", good["secrets"], folder=new)
    for ours, theirs in ((new + "/keys/keyring", good["path"] + "/settings/keyring"),
                         (new + "/keys/OPERATOR.key", good["secrets"] + "/keys/OPERATOR.key"),
                         (new + "/secrets/vault.key", good["secrets"] + "/secrets/vault.key")):
        with open(ours, "rb") as a, open(theirs, "rb") as b:
            assert a.read() == b.read(), ours
    assert glob.glob(new + "/keys/OPERATOR.key.before-*")
    shutil.rmtree(new)


CONTAINER = """
set -eu
mount -t tmpfs none /opt; mount -t tmpfs none /srv
mkdir -p /opt/whistle /srv/whistle/database /srv/whistle/socket /srv/whistle/roles
cp {top}/deploy/shared.sh {top}/deploy/backups.sh {top}/deploy/docker/postgres.sh /opt/whistle/
for name in intake dispatch backup; do
    head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \\n' >/srv/whistle/roles/whistle_$name
done
chown -R postgres /srv/whistle
container() {{
    (cd / && PATH=/usr/lib/postgresql/15/bin:/usr/bin:/bin /usr/sbin/runuser -u postgres -- \\
        bash /opt/whistle/postgres.sh "$@")
}}
give() {{ tar -C $1/pg -c . | container restore $(du -sb $1/pg | cut -f1) $2; }}
started() {{
    for i in $(seq 300); do if container health 2>/dev/null; then return 0; fi; sleep 0.1; done
    return 1
}}
ended() {{ kill -INT $(head -n 1 /srv/whistle/database/15/postmaster.pid); wait; }}
by_role() {{
    PGPASSWORD=$(cat /srv/whistle/roles/whistle_backup) {top}/deploy/backup {out} "$@" \\
        --connection "host=/srv/whistle/socket dbname=whistle user=whistle_backup"
}}
give {backup} ""
if give {backup} "" 2>/dev/null; then echo "a cluster was replaced unasked"; exit 1; fi
if container restore 1 --yes </dev/null 2>/dev/null; then echo "nothing took its place"; exit 1; fi
if container restore 999999999999999 --yes </dev/null 2>/dev/null; then echo "no room"; exit 1; fi
container serve >{out}/serve.log 2>&1 & started || {{ cat {out}/serve.log; exit 1; }}
by_role --keep 1; sleep 1; by_role --keep 1
[ $(ls -d {out}/whistle-* | wc -l) = 1 ]
asked() {{ PGPASSWORD=$1 psql -qAtX -w -h /srv/whistle/socket -U whistle_backup -d whistle -c 'SELECT 1'; }}
[ "$(asked $(cat /srv/whistle/roles/whistle_backup))" = 1 ]
if asked other 2>/dev/null; then echo "any password will do"; exit 1; fi
ended
give $(ls -d {out}/whistle-*) --yes
[ $(ls -d /srv/whistle/database/15.before-* | wc -l) = 1 ]
container serve >{out}/serve.log 2>&1 & started || {{ cat {out}/serve.log; exit 1; }}
runuser -u postgres -- psql -qAtX -h /srv/whistle/socket -U whistle -d whistle \\
    -c 'SELECT seq FROM dispatch.head'
ended
"""


def test_in_the_postgres_container():
    """The container's own script, in a mount namespace instead of a container; backups by their role."""
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0:
        raise runner.Skip("no mount namespace can be made here")
    out = cluster.dir + "/container"
    os.makedirs(out)
    script = CONTAINER.format(top=TOP, backup=good["path"], out=out)
    done = subprocess.run(["unshare", "-m", "bash", "-c", script], capture_output=True, text=True,
                          env=deploy_env(), timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    with open(good["path"] + "/manifest.json") as file:
        manifest = json.load(file)
    seq = int(done.stdout.splitlines()[-1])
    seqs = [manifest[when]["schemas"]["dispatch"]["seq"] for when in ("before", "after")]
    assert seqs[0] <= seq <= seqs[1]
    assert drill(glob.glob(out + "/whistle-*")[0])["good"] is True


def test_backup_after_a_restore_is_good():
    path = json.loads(deploy("backup", "--json")[0])["backup"]
    text = deploy("drill")[0]  # the newest, in words
    assert path in text and "✓" in text and "newest whistle" in text


if __name__ == "__main__":
    with Cluster(gateway=True) as cluster:
        for name in ("whistle", "whistle-intake", "whistle-dispatch"):
            cluster.bin(name)
        cluster.start_notify()
        code = runner.main(globals())
    sys.exit(code)
