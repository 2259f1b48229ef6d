# SPDX-License-Identifier: Apache-2.0
"""A Whistle whose PostgreSQL is a Patroni cluster: etcd, two nodes, a synchronous standby, all plain
processes of an unprivileged user on ports of their own, settings from deploy/ha/patroni.yml.

etcd and Patroni are Debian's. Their packages start services of their own when they are installed, so
they are only unpacked beside the test, unless this machine has them already.
"""
import glob
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import threading
import time
import urllib.request

from cluster import BUILD, PGBIN, TOP, Cluster, Process, free_port
from runner import until

NODES = ("pg1", "pg2")
MODULES = ("yaml", "psycopg2", "dateutil", "psutil", "prettytable", "click", "cdiff", "urllib3", "dns",
           "pkg_resources")
UNPACKED = ("patroni", "etcd-server", "python3-etcd")


class Skipped(Exception):
    pass


def unpack(folder):
    """Where etcd and patroni are: /usr, or unpacked into the folder."""
    for module in MODULES:
        if importlib.util.find_spec(module) is None:
            raise Skipped(f"Python has no {module} (packages: deploy/packages.sh)")
    if os.path.exists("/usr/bin/etcd") and os.path.exists("/usr/bin/patroni"):
        return "/usr"
    cache = os.path.join(BUILD, "ha-packages")
    os.makedirs(cache, exist_ok=True)
    for name in UNPACKED:
        if not glob.glob(f"{cache}/{name}_*.deb"):
            got = subprocess.run(["apt-get", "-q", "download", name], cwd=cache, capture_output=True)
            if got.returncode:
                raise Skipped(f"package {name} can neither be found here nor downloaded")
        package = sorted(glob.glob(f"{cache}/{name}_*.deb"))[-1]
        subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
    return folder + "/usr"


def children(pid):
    """Processes below one, by /proc."""
    found = []
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path) as file:
                words = file.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(words[1]) == pid:
            one = int(path.split("/")[2])
            found += [one, *children(one)]
    return found


def signal_all(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


class Node:
    """One database machine: Patroni, and the PostgreSQL that it started."""

    def __init__(self, cluster, name):
        self.cluster, self.name = cluster, name
        self.port, self.rest = free_port(), free_port()
        self.data = f"{cluster.dir}/{name}"
        self.process = Process(
            cluster, name, ["/usr/bin/python3", "-m", "patroni", self.write_settings()],
            {"PYTHONPATH": cluster.programs + "/lib/python3/dist-packages"})

    def write_settings(self):
        """The product's settings with this test's addresses, times and trust."""
        import yaml
        with open(TOP + "/deploy/ha/patroni.yml") as file:
            settings = yaml.safe_load(file)
        rest, sql = f"127.0.0.1:{self.rest}", f"127.0.0.1:{self.port}"
        settings.update(name=self.name, etcd={"host": f"127.0.0.1:{self.cluster.etcd_port}"},
                        restapi={"listen": rest, "connect_address": rest},
                        log={"level": "INFO", "loggers": {"urllib3.connectionpool": "DEBUG"}})
        settings["bootstrap"]["dcs"].update(self.cluster.times)
        settings["postgresql"].update(
            data_dir=self.data, listen=sql, connect_address=sql,
            pgpass=f"{self.cluster.dir}/{self.name}.pgpass",
            pg_hba=["host all all all trust", "host replication all all trust"],
            parameters={"unix_socket_directories": ""},
            authentication={"superuser": {"username": "whistle"}, "rewind": {"username": "whistle"},
                            "replication": {"username": "replicator"}})
        path = f"{self.cluster.dir}/{self.name}.yml"
        with open(path, "w") as file:
            yaml.safe_dump(settings, file)
        return path

    def postmaster(self):
        try:
            with open(self.data + "/postmaster.pid") as file:
                pid = int(file.readline())
            with open(f"/proc/{pid}/cmdline") as file:
                return pid if self.data in file.read().split("\0") else None
        except (OSError, ValueError):
            return None

    def database_pids(self):
        pid = self.postmaster()
        return [pid, *children(pid)] if pid else []

    def pids(self):
        """Everything of this machine; Patroni first, so that it sees nothing of what follows."""
        pid = self.process.child.pid if self.process.alive() else None
        own = [pid, *children(pid)] if pid else []
        return list(dict.fromkeys(own + self.database_pids()))

    def start(self):
        self.process.start()

    def power_off(self):
        pids = self.pids()
        signal_all(pids, signal.SIGSTOP)  # all at once, as far as anybody outside can tell
        signal_all(pids, signal.SIGKILL)
        self.process.wait()

    def freeze(self, seconds=5):
        """Everything stands still, at the worst moment: Patroni has just read that it holds the lease and
        is about to renew it. When it wakes up it goes on right there."""
        pids, size = self.pids(), os.path.getsize(self.process.log)
        with open(self.process.log, errors="replace") as log:
            log.seek(size)
            until(lambda: "recursive=true" in log.read(), seconds, 0.001)
        signal_all(pids, signal.SIGSTOP)
        signal_all(self.pids(), signal.SIGSTOP)  # and who was born meanwhile

    def conninfo(self):
        return f"host=127.0.0.1 port={self.port} dbname=whistle user=whistle connect_timeout=2"

    def sql(self, text, seconds=5):
        """Rows as lists of strings; RuntimeError when it cannot."""
        done = subprocess.run([PGBIN + "/psql", "-qAtX", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d",
                               self.conninfo(), "-c", text], capture_output=True, text=True,
                              timeout=seconds)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return [line.split("\t") for line in done.stdout.splitlines()]

    def tail(self):
        return self.process.tail(30)


class PatroniCluster(Cluster):
    """with PatroniCluster(times={"ttl": 10, …}) as c: c.primary(), c.standby_of(…)"""

    def __init__(self, times=None, **options):
        super().__init__(**options)
        self.times = times or {}
        try:
            self.programs = unpack(self.dir + "/ha")
        except Skipped:
            shutil.rmtree(self.dir)
            raise
        self.etcd_port, peer = free_port(), free_port()
        os.makedirs(self.dir + "/etcd", mode=0o700)
        self.own(self.dir + "/etcd")
        url = f"http://127.0.0.1:{self.etcd_port}"
        self.etcd = Process(self, "etcd", [
            self.programs + "/bin/etcd", "--data-dir", self.dir + "/etcd", "--listen-client-urls", url,
            "--advertise-client-urls", url, "--listen-peer-urls", f"http://127.0.0.1:{peer}",
            "--initial-advertise-peer-urls", f"http://127.0.0.1:{peer}",
            "--initial-cluster", f"default=http://127.0.0.1:{peer}", "--enable-v2", "--logger", "zap",
            "--log-level", "error"])
        self.nodes = {name: Node(self, name) for name in NODES}

    # ---- instead of the one PostgreSQL ---------------------------------------------------------

    def make_database(self):
        self.etcd.start()
        first, second = self.nodes.values()
        first.start()
        until(lambda: self.members().get(first.name, ("",))[0] in ("leader", "master"), 60, 0.2)
        self.sh([PGBIN + "/createdb", "-h", "127.0.0.1", "-p", str(first.port), "-U", "whistle", "whistle"])
        second.start()
        until(self.whole, 60, 0.2)
        self.migrate()

    def conninfo(self, user):
        ports = ",".join(str(node.port) for node in self.nodes.values())
        return (f"host=localhost,127.0.0.1 port={ports} dbname=whistle user={user} "
                "target_session_attrs=read-write connect_timeout=2")

    def sql(self, text, user="whistle"):
        out = self.sh([PGBIN + "/psql", "-qAtX", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d",
                       self.conninfo(user), "-c", text])
        return [line.split("\t") for line in out.splitlines()]

    def down(self):
        super().down()
        for process in [*(node.process for node in self.nodes.values()), self.etcd]:
            process.send(signal.SIGCONT)
        for node in self.nodes.values():
            pids = node.pids()
            signal_all(pids, signal.SIGKILL)
            node.process.wait()
        self.etcd.kill()
        if not self.keep:
            shutil.rmtree(self.dir, ignore_errors=True)

    # ---- what Patroni says ----------------------------------------------------------------------

    def members(self):
        """{node: (role, state, timeline)} as the first node that answers sees it."""
        for node in self.nodes.values():
            try:
                url = f"http://127.0.0.1:{node.rest}/cluster"
                with urllib.request.urlopen(url, timeout=1) as answer:
                    return {m["name"]: (m["role"], m["state"], m.get("timeline", 0))
                            for m in json.load(answer)["members"]}
            except (OSError, ValueError):
                continue
        return {}

    def primary(self):
        return next((n for n, m in self.members().items() if m[0] in ("leader", "master")), None)

    def other(self, name):
        return next(n for n in NODES if n != name)

    def whole(self):
        """The primary's name while the other one is its synchronous standby, in Patroni's eyes and in
        PostgreSQL's own."""
        members, name = self.members(), self.primary()
        if not name or members.get(self.other(name), ("",))[0] != "sync_standby":
            return None
        try:
            rows = self.nodes[name].sql("SELECT application_name, sync_state, state "
                                        "FROM pg_stat_replication")
        except (RuntimeError, subprocess.TimeoutExpired):
            return None
        return name if rows == [[self.other(name), "sync", "streaming"]] else None


class Probe:
    """How soon the database takes writes again: each node is asked without a pause for a commit of its
    own. begin() before something is broken; first(nodes) is when one of them committed after it."""

    def __init__(self, cluster):
        import psycopg2
        self.psycopg2, self.cluster = psycopg2, cluster
        cluster.sql("CREATE TABLE IF NOT EXISTS public.probe (node text PRIMARY KEY, n int8 NOT NULL)")
        self.ended, self.committed = threading.Event(), dict.fromkeys(NODES, 0.0)
        self.threads = [threading.Thread(target=self.run, args=(n,), daemon=True) for n in NODES]
        for thread in self.threads:
            thread.start()

    def run(self, name):
        while not self.ended.is_set():
            try:
                self.write(name)
            except self.psycopg2.Error:
                time.sleep(0.05)

    def write(self, name):
        connection = self.psycopg2.connect(
            self.cluster.nodes[name].conninfo() + " target_session_attrs=read-write")
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                while not self.ended.is_set():
                    cursor.execute("INSERT INTO public.probe VALUES (%s, 1) ON CONFLICT (node) "
                                   "DO UPDATE SET n = probe.n + 1", (name,))
                    self.committed[name] = time.monotonic()
                    time.sleep(0.03)
        finally:
            connection.close()

    def since(self, moment, nodes=NODES):
        """Monotonic time of a commit after the moment at one of the nodes, else None. Times are those of
        the newest commit: ask often."""
        times = [self.committed[n] for n in nodes if self.committed[n] > moment]
        return min(times) if times else None

    def stop(self):
        self.ended.set()
