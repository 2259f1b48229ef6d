#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docker-compose.yml from nothing: images, an empty first start, a district, streets and departments
outside over tcp; containers killed, all of it stopped and started, then upgraded while they work; every
whistle, task, signature, notice and range is then held against the database (verdict.py). Also: how each
container is shut in, that a second `up` changes nothing, that nothing stays after `down`.

    compose.py [--rounds N] [--rate N] [--seed S] [--restore] [--keep]

Each round kills postgres, intake, dedup, dispatch, notify and sheets once, by SIGKILL of the container's
process, in seeded order. --restore: at the end a backup, its drill, the restore in the place of what is
there, all volumes deleted, and the restore from the backup and the secrets kept apart. Where no Docker
daemon answers or can be started: one line "skipped: …".
"""
import argparse
import json
import os
import random
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import load  # noqa: E402  first: it finds tests/support
import compose as docker  # noqa: E402  tests/support/compose.py
import runner  # noqa: E402
from load import SERVICES, STREETS, Load  # noqa: E402

MEMORY = {"postgres": 1 << 30, "dedup": 512 << 20}  # others 128 MiB
FIRST_S, LATER_S = 180, 20
RESTORES = ["restored_over_what_is_there", "restored_after_all_was_lost", "a_damaged_backup_is_told"]


class ComposeLoad(Load):
    def __init__(self, options):
        self.times = {}
        self.recovered = {name: [] for name in docker.LASTING}
        self.random = random.Random(options.seed)
        self.rounds, self.restores = options.rounds, options.restore
        seconds = 45 + 22 * options.rounds
        super().__init__(options.rate * seconds, seconds, keep=options.keep, make_cluster=docker.Project)

    # ---- the district's first day ------------------------------------------------------------------

    def timed(self, name, what):
        began = time.monotonic()
        result = what()
        self.times[name] = round(time.monotonic() - began, 1)
        return result

    def compose_up(self):
        self.cluster.compose("up", "-d", "--no-build")
        runner.until(self.cluster.healthy, seconds=FIRST_S, every=0.2)
        runner.until(lambda: not self.cluster.inspect("district")["State"]["Running"], seconds=60)

    def first_day(self):
        """Images; a healthy system without a district; then the district, by a setting."""
        c = self.cluster
        self.timed("build_s", lambda: c.compose("--profile", "demo", "build", timeout=3000))
        self.timed("first_start_s", self.compose_up)
        assert "district.missing" in c.tool("export", "--json", expect=1)
        assert c.tool("ping").count("\n") == 4
        c.env["WHISTLE_DISTRICT"] = c.district
        self.timed("district_s", self.compose_up)
        assert json.loads(c.tool("check", "--json"))["holes"] == []
        routed = sorted(set().union(*load.routes(c.district).values()))
        c.take_keys([*STREETS, *routed, "OPERATOR", "AUDITOR"])

    def start_sender(self):
        """The notify container is the sender."""

    def stop_sender(self, seconds):
        """What it has handed over, in the shape the verdict reads."""
        c = self.cluster
        self.wait_serving()
        runner.until(self.sender_is_done, seconds=seconds, every=0.5)
        c.compose("stop", "notify")
        volume = c.docker("volume", "inspect", "-f", "{{.Mountpoint}}", f"{c.name}_notify").strip()
        with open(volume + "/cursor") as cursor, open(c.dir + "/cursors/notify", "w") as copy:
            copy.write(cursor.read())
        with open(self.folder + "/sent", "w") as sent:
            for name in os.listdir(volume + "/outbox"):
                with open(f"{volume}/outbox/{name}") as notice:
                    sent.write(json.load(notice)["id"] + "\n")

    def sender_is_done(self):
        status = json.loads(self.cluster.tool("doctor", "--json", expect=None))
        lines = [x["detail"] for x in status["checks"] if x["check"] == "follower"]
        return any("notify" in x and " 0 " in x for x in lines)

    # ---- breaking ----------------------------------------------------------------------------------

    def serving(self):
        c = self.cluster
        return docker.run([*c.command("OPERATOR"), "ping", "--timeout", "2"]).returncode == 0

    def wait_serving(self):
        runner.until(self.serving, seconds=60, every=0.05)

    def kill(self, service):
        """As a crash: Docker is not asked, it has to notice."""
        before = self.cluster.inspect(service)
        began = time.monotonic()
        os.kill(before["State"]["Pid"], signal.SIGKILL)

        def restarted():
            now = self.cluster.inspect(service)
            return now["State"]["Running"] and now["RestartCount"] == before["RestartCount"] + 1
        runner.until(restarted, seconds=30)
        self.wait_serving()
        self.recovered[service].append(time.monotonic() - began)

    def break_things(self):
        for _ in range(self.rounds):
            for service in self.random.sample(docker.LASTING, len(docker.LASTING)):
                time.sleep(self.random.uniform(1, 3))
                self.watch()
                self.kill(service)
        self.cluster.compose("stop")
        self.watch()
        self.timed("later_start_s", self.compose_up)
        self.watch()
        self.timed("upgrade_s", self.upgrade)
        self.new_key("intake")

    def new_key(self, service):
        """A service changes its key: what was handed out before is good until it starts anew, what is
        handed out now before and after."""
        c = self.cluster
        c.tool("key", "rotate", service, "--keep", "1h")
        self.compose_up()
        assert self.serving()
        self.take_doors()
        assert self.serving()
        c.compose("restart", service)
        self.wait_serving()

    def take_doors(self):
        self.cluster.take_keys(["OPERATOR"])

    def upgrade(self):
        """Other images: migrate, then each container drains, ends with 0 and comes anew."""
        c = self.cluster
        before = {s: c.inspect(s)["Id"] for s in docker.LASTING}
        c.next_images()
        self.compose_up()
        assert not [s for s in docker.LASTING if c.inspect(s)["Id"] == before[s]]
        began = {s: c.inspect(s)["State"]["StartedAt"] for s in (*SERVICES, "migrate")}
        assert began["migrate"] < min(began[s] for s in SERVICES), began
        self.wait_serving()

    # ---- what else must be true ----------------------------------------------------------------------

    def check_containers_are_shut_in(self):
        wrong = []
        for service in (*docker.LASTING, "setup", "migrate", "known", "district"):
            told = self.cluster.inspect(service)
            host, config = told["HostConfig"], told["Config"]
            wrong += [f"{service}: {what}" for what, good in {
                "user": config["User"].split(":")[0] in ("10001", "10002"),
                "root file system": host["ReadonlyRootfs"] is True,
                "capabilities": host["CapDrop"] == ["ALL"] and not host["CapAdd"],
                "privileges": "no-new-privileges:true" in host["SecurityOpt"] and not host["Privileged"],
                "memory": host["Memory"] == MEMORY.get(service, 128 << 20),
                "pids": 0 < host["PidsLimit"] <= 128,
                "log": host["LogConfig"]["Config"].get("max-size") == "10m",
                "restart": host["RestartPolicy"]["Name"] ==
                ("unless-stopped" if service in docker.LASTING else "no"),
                "secrets in the environment": not any(
                    "password" in e.lower() or "secret" in e.lower() for e in config["Env"]),
                "patience": service not in docker.LASTING or config["StopTimeout"] >= 30,
                "health": service not in (*SERVICES, "postgres") or config["Healthcheck"]["Test"],
                "docker.sock": not any("docker.sock" in m["Source"] for m in told["Mounts"]),
            }.items() if not good]
        assert not wrong, wrong

    def check_only_the_doors_are_published(self):
        for service in docker.LASTING:
            told = self.cluster.inspect(service)
            bound = told["HostConfig"]["PortBindings"] or {}
            wanted = {"intake": {"19411/tcp", "19412/tcp"}, "dedup": {"19431/tcp", "19432/tcp"},
                      "dispatch": {"19421/tcp", "19422/tcp"},
                      "gateway": {"19441/tcp", "19442/tcp", "8080/tcp"}}
            assert set(bound) == wanted.get(service, set()), (service, bound)
            assert all(b["HostIp"] == "127.0.0.1" for ports in bound.values() for b in ports), bound
            if service not in (*SERVICES, "gateway"):
                assert told["HostConfig"]["NetworkMode"] == "none", service

    def check_a_service_sees_no_keys_but_its_own(self):
        for service in docker.LASTING:
            found = docker.run(["docker", "exec", self.cluster.container(service), "find", "/srv/whistle",
                                "-name", "*.key", "-readable"]).stdout
            own = {"intake": {"intake", "vault", "reporter"}, "dedup": {"dedup"}, "dispatch": {"dispatch"},
                   "gateway": {"gateway"},
                   "notify": {"NOTIFIER"}, "sheets": {"SHEETS"}}.get(service, set())
            assert {os.path.basename(f)[:-4] for f in found.split()} == own, (service, found)

    def check_the_root_cannot_be_written(self):
        for service in docker.LASTING:
            done = docker.run(["docker", "exec", self.cluster.container(service), "touch", "/opt/whistle/x"])
            assert done.returncode != 0 and "Read-only" in done.stderr, (service, done.stderr)

    def check_a_role_needs_its_password(self):
        c = self.cluster
        for user in ("whistle", "whistle_dispatch"):
            done = docker.run(["docker", "run", "--rm", "--network", "none", "-u", "10001:10001",
                               "--volumes-from", c.container("postgres"), "--entrypoint", "psql",
                               "whistle-postgres:test", "-w", "-h", "/srv/whistle/socket", "-U", user,
                               "-d", "whistle", "-c", "SELECT 1"])
            assert done.returncode != 0 and ("Peer" in done.stderr or "password" in done.stderr), done

    def check_sheets_are_fresh(self):
        """Of each street and department, and doctor says so."""
        names = self.cluster.docker("exec", self.cluster.container("sheets"), "ls", "/srv/whistle/sheets")
        assert {f"{s}.html" for s in STREETS} <= set(names.split()), names
        status = json.loads(self.cluster.tool("doctor", "--json"))
        assert any(c["check"] == "sheets" and c["good"] for c in status["checks"]), status

    def check_memory_stays_small(self):
        used = {s: self.cluster.memory(s) for s in docker.LASTING}
        self.times["memory_mib"] = {s: n >> 20 for s, n in used.items()}
        assert all(1 << 20 < n < 0.9 * MEMORY.get(s, 128 << 20) for s, n in used.items()), used

    def check_up_again_changes_nothing(self):
        c = self.cluster
        self.compose_up()
        before = {s: c.inspect(s)["State"]["StartedAt"] for s in docker.LASTING}
        self.compose_up()
        assert before == {s: c.inspect(s)["State"]["StartedAt"] for s in docker.LASTING}
        assert all(c.inspect(s)["State"]["ExitCode"] == 0
                   for s in ("setup", "migrate", "known", "district"))

    def check_stops_were_clean(self):
        """Everybody ended in time when asked to."""
        c = self.cluster
        c.compose("stop")
        codes = {s: c.inspect(s)["State"]["ExitCode"] for s in docker.LASTING}
        assert not any(codes.values()), codes

    def check_restored_over_what_is_there(self):
        """Backup, drill; what came after the backup is gone, and its numbers are not given again."""
        c = self.cluster
        c.env["WHISTLE_BACKUP"], apart = c.dir + "/kept", c.dir + "/apart"
        c.compose("up", "-d", "--no-build")
        self.wait_serving()
        self.raise_one()
        told = self.timed("backup_s", lambda: json.loads(
            c.tool(c.dir + "/kept", "--secrets", apart, "--json", name="backup")))
        self.backup, self.secrets = told["backup"], told["secrets"]
        assert os.path.dirname(self.secrets) == apart, told
        found = self.timed("drill_s", lambda: json.loads(c.tool("--json", name="drill")))
        assert found["good"] and found["backup"] == self.backup and found["age_s"] < 600, found
        with open(self.backup + "/manifest.json") as file:
            before = json.load(file)["before"]["schemas"]
        self.heads = {s: before[s]["head"] for s in SERVICES}
        lost = self.raise_one()
        assert "docker-compose stop" in self.refused("newest", "--yes")
        c.compose("stop")
        assert "--yes" in self.refused("newest")
        self.timed("restore_s", lambda: c.tool(self.backup, "--yes", name="restore"))
        self.check_all_is_back()
        assert c.whistle(STREETS[0], "show", lost, expect=1)[0]["error"]["status"] == 404
        assert int(self.raise_one().split("-")[2]) > 1000000

    def check_restored_after_all_was_lost(self):
        """Nothing is left but the two folders."""
        c = self.cluster
        c.compose("--profile", "backup", "down", "-v")
        assert "--secrets" in self.refused("newest")
        self.timed("restore_from_nothing_s", lambda: c.tool("newest", "--secrets", self.secrets,
                                                            name="restore"))
        self.check_all_is_back()

    def check_a_damaged_backup_is_told(self):
        c = self.cluster
        with open(self.backup + "/settings/keyring", "a") as file:
            file.write("# another\n")
        assert json.loads(c.tool("--json", name="drill", expect=1))["good"] is False
        c.compose("stop")
        assert "files" in self.refused("newest", "--yes")

    def refused(self, *words):
        done = docker.run([f"{docker.TOP}/deploy/docker/restore", *words], env=self.cluster.env)
        assert done.returncode == 1, done
        return done.stderr

    def raise_one(self):
        return self.cluster.whistle(STREETS[0], "raise", "--category", "FIRE_LANE", "--title", "x",
                                    "--address", "y")[0]["number"]

    def check_all_is_back(self):
        self.wait_serving()
        for schema, head in self.heads.items():
            line = self.cluster.whistle("AUDITOR", "history", "--verify", schema, "--since", head,
                                        timeout=300)[0]
            assert line["good"], line

    def check_times(self):
        assert self.times["first_start_s"] < FIRST_S, self.times
        assert self.times["later_start_s"] < LATER_S, self.times

    def own_checks(self):
        order = ["up_again_changes_nothing", "containers_are_shut_in", "only_the_doors_are_published",
                 "a_service_sees_no_keys_but_its_own", "sheets_are_fresh", "memory_stays_small",
                 "the_root_cannot_be_written", "a_role_needs_its_password", "stops_were_clean", "times"]
        order += RESTORES if self.restores else []
        rows = [("nobody_ended_by_himself", "; ".join(self.faults[:5]) or None)]
        for name in order:
            try:
                getattr(self, "check_" + name)()
                rows.append((name, None))
            except Exception as error:
                rows.append((name, f"{type(error).__name__}: {error}"))
        return rows


def play(options):
    chaos, rows = ComposeLoad(options), []
    began = time.monotonic()
    try:
        chaos.first_day()
        chaos.start()
        chaos.break_things()
        drained = chaos.drain()
        rows = chaos.verdict() + chaos.own_checks()
        result = {"seed": options.seed, **chaos.times, "drain_s": round(drained, 1),
                  "acknowledged": chaos.acknowledged(), "notices": chaos.notices,
                  "recovery": {k: load.figures(v) for k, v in chaos.recovered.items()}}
    except Exception as error:
        rows.append(("the_run_itself", f"{type(error).__name__}: {error}"))
        result = {"seed": options.seed, **chaos.times}
    finally:
        chaos.down()
    if not options.keep:
        left = chaos.cluster.left()
        rows.append(("nothing_stays", f"left behind: {left}" if left else None))
    result["seconds_beyond_build"] = round(time.monotonic() - began - chaos.times.get("build_s", 0), 1)
    return load.report(rows, result)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--rate", type=int, default=60, help="whistles a second")
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--restore", action="store_true", help="also backup, drill and restore")
    parser.add_argument("--keep", action="store_true", help="leave the project behind")
    options = parser.parse_args()
    try:
        with docker.Daemon():
            return play(options)
    except docker.Skipped as why:
        print(f"skipped: {why}")
        print("0 passed, 0 failed")
        return 0


if __name__ == "__main__":
    sys.exit(main())
