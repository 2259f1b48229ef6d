# SPDX-License-Identifier: Apache-2.0
"""A whole Whistle in a temporary folder for a test: private PostgreSQL, keys, services, command line.

Nothing is shared with the machine: unix sockets only, an unprivileged user when run as root, every
process started here is ended here. Programs come from the build folder named by WHISTLE_BUILD.
"""
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("WHISTLE_BUILD", os.path.join(TOP, "build-test"))
PGBIN = "/usr/lib/postgresql/15/bin"
DISTRICT = os.path.join(TOP, "deploy/demo/district.json")
SERVICES = ("intake", "dedup", "dispatch")
# Loads of many equal whistles: each goes out by itself at once, what it may be the same as is only shown.
APART = {"WHISTLE_AUTOMATIC": "false", "WHISTLE_HOLD_S": "0"}
FEEDS = {"intake": ("intake", "p1"), "dedup": ("dedup", "urgent"),
         "dispatch": ("dispatch", "notices", "ends"), "gateway": ("gateway",)}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def http_get(port, path):
    """(status, body) or (0, "")."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as s:
            s.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            data = b""
            while part := s.recv(65536):
                data += part
        head, _, body = data.partition(b"\r\n\r\n")
        return int(head.split()[1]), body.decode()
    except (OSError, IndexError, ValueError):
        return 0, ""


class Process:
    """A child in its own group; its output goes to a file."""

    def __init__(self, cluster, name, command, env=None):
        self.name, self.command, self.env, self.cluster = name, command, env or {}, cluster
        self.log = os.path.join(cluster.dir, "log", name + ".log")
        self.child = None

    def start(self, **env):
        with open(self.log, "ab") as log:
            self.child = self.cluster.within(self.name, lambda: subprocess.Popen(
                self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                env={**os.environ, **self.env, **env}, cwd=self.cluster.dir, start_new_session=True,
                user=self.cluster.user, group=self.cluster.group))
        return self

    def alive(self):
        return self.child is not None and self.child.poll() is None

    def send(self, sig):
        if self.alive():
            self.child.send_signal(sig)

    def kill(self):
        self.send(signal.SIGKILL)
        return self.wait()

    def stop(self, seconds=25):
        """SIGTERM; returns the exit code."""
        self.send(signal.SIGTERM)
        return self.wait(seconds)

    def wait(self, seconds=25):
        if self.child is None:
            return None
        return self.child.wait(timeout=seconds)

    def tail(self, lines=20):
        with open(self.log, errors="replace") as log:
            return "".join(log.readlines()[-lines:])


class Cluster:
    """with Cluster() as c: c.whistle("990101002", "list") … district=None: services up, nothing adopted.
    joins: dedup as it comes, which joins and holds whistles; else every whistle goes out at once.
    gateway: that service too, its listener at self.http on loopback."""

    listen = ""  # address at which PostgreSQL listens beside its socket

    def __init__(self, services=SERVICES, standby=(), district=DISTRICT, keep=False,
                 env=None, joins=False, gateway=False):
        self.names, self.standby, self.keep = services, standby, keep
        self.http = free_port() if gateway else None
        if gateway:
            self.names = (*services, "gateway")
        self.extra_env = ({} if joins else APART) | (env or {})
        self.dir = tempfile.mkdtemp(prefix="whistle-test-", dir="/tmp")
        self.user = self.group = None
        if os.geteuid() == 0:
            entry = pwd.getpwnam(os.environ.get("WHISTLE_TEST_USER", "postgres"))
            self.user, self.group = entry.pw_uid, entry.pw_gid
        for folder in ("", "bin", "run", "log", "keys", "secrets", "outbox", "cursors"):
            path = os.path.join(self.dir, folder)
            os.makedirs(path, exist_ok=True)
            self.own(path)
        shutil.copytree(TOP + "/deploy/migrations", self.dir + "/migrations")
        self.district = None
        if district is not None:
            self.district = shutil.copy(district, self.dir + "/district.json")
            os.chmod(self.district, 0o644)
        self.processes = {}
        self.builds = {}  # {program: folder} where it is not BUILD
        self.ports = {}

    def within(self, name, what):
        """Does what() where the part `name` lives, and returns its value: here all live together."""
        return what()

    def endpoint(self, instance, kind):
        return f"ipc://{self.dir}/run/{instance}.{kind}"

    def own(self, path):
        if self.user is not None:
            os.chown(path, self.user, self.group)

    def sh(self, command, **options):
        """Runs a command as the cluster's user; raises with its output when it fails."""
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.dir,
                              user=self.user, group=self.group, **options)
        if done.returncode != 0:
            raise RuntimeError(f"{command}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def bin(self, name):
        """A program, copied where the unprivileged user can run it. builds names another one's folder."""
        build = self.builds.get(name, BUILD)
        path = os.path.join(self.dir, "bin", name)
        if build != BUILD:
            path += "-" + os.path.basename(build)
        if not os.path.exists(path):
            shutil.copy(os.path.join(build, name), path)
        return path

    # ---- PostgreSQL ---------------------------------------------------------------------------

    initdb_options = ()
    postgres_settings = ""

    def postgres_command(self):
        return [PGBIN + "/postgres", "-D", self.dir + "/pg"]

    def make_database(self):
        self.sh([PGBIN + "/initdb", "-D", self.dir + "/pg", "--locale=C.UTF-8", "--encoding=UTF8",
                 "--auth=trust", "-U", "whistle", *self.initdb_options])
        with open(self.dir + "/pg/postgresql.conf", "a") as conf:
            conf.write(f"listen_addresses = '{self.listen}'\nunix_socket_directories = '{self.dir}/run'\n"
                       "max_connections = 60\nshared_buffers = 128MB\nwal_compression = lz4\n"
                       "max_wal_size = 2GB\nlog_min_messages = warning\n" + self.postgres_settings)
        if self.listen:
            with open(self.dir + "/pg/pg_hba.conf", "a") as hba:
                hba.write("host all all samenet trust\n")
        self.processes["postgres"] = Process(self, "postgres", self.postgres_command())
        self.start_postgres()
        self.sh([PGBIN + "/createdb", "-h", self.dir + "/run", "-U", "whistle", "whistle"])
        self.migrate()

    def start_postgres(self):
        """Also after a kill: the dead one's children may hold its shared memory for a moment yet."""
        process = self.processes["postgres"].start()
        deadline = time.monotonic() + 60
        while subprocess.run([PGBIN + "/pg_isready", "-q", "-h", self.dir + "/run"]).returncode:
            if time.monotonic() > deadline:
                raise RuntimeError("PostgreSQL does not start:\n" + process.tail())
            time.sleep(0.05)
            if not process.alive():
                process.start()

    def migrate(self, *words):
        return self.sh([self.bin("whistle-migrate"), "--database", self.conninfo("whistle"), "--dir",
                        self.dir + "/migrations", *words])

    def conninfo(self, user):
        return f"host={self.dir}/run dbname=whistle user={user}"

    def sql(self, text, user="whistle"):
        """Rows of a query as lists of strings."""
        out = self.sh([PGBIN + "/psql", "-qAtX", "-F", "\t", "-h", self.dir + "/run", "-U", user, "-d",
                       "whistle", "-v", "ON_ERROR_STOP=1", "-c", text])
        return [line.split("\t") for line in out.splitlines()]

    # ---- keys and services --------------------------------------------------------------------

    def make_keys(self):
        self.new_keys()
        for name in ("vault", "reporter", "gateway"):
            path = f"{self.dir}/secrets/{name}.key"
            with open(path, "wb") as file:
                file.write(os.urandom(32))
            os.chmod(path, 0o600)
            self.own(path)
        self.write_doors()

    def new_keys(self):
        """Those that are missing."""
        keys = self.dir + "/keys"
        which = ["--for-district", self.district] if self.district else ["--base"]
        self.sh([self.bin("whistle"), "key", "new", *which, "--keys", keys, "--keyring", keys + "/keyring"])

    def write_doors(self):
        keys = self.dir + "/keys"
        with open(keys + "/doors", "w") as doors:
            for name in self.names:
                public = self.public_key(name)
                instances = [name] + [s for s in self.standby if s.startswith(name + "-")]
                ends = {kind: ",".join(self.endpoint(i, kind) for i in instances)
                        for kind in ("door", "feed")}
                doors.write(f"door {name} {ends['door']} {public}\n")
                for feed in FEEDS[name]:
                    doors.write(f"feed {feed} {ends['feed']} {public}\n")
        self.own(keys + "/doors")

    def public_key(self, identity):
        with open(f"{self.dir}/keys/{identity}.key") as file:
            return next(line.split()[1] for line in file if line.startswith("public "))

    def console(self):
        """The web console's files, where the unprivileged user can read them; "" where none were built."""
        built, here = BUILD + "/console", self.dir + "/console"
        if os.path.exists(built + "/index.html") and not os.path.exists(here):
            shutil.copytree(built, here)
        return here if os.path.exists(here) else ""

    def service_env(self, instance):
        name = instance.split("-")[0]
        port = self.ports.setdefault(instance, free_port())
        return {
            "WHISTLE_DATABASE": self.conninfo("whistle_" + name),
            "WHISTLE_DOOR": self.endpoint(instance, "door"),
            "WHISTLE_FEED": self.endpoint(instance, "feed"),
            "WHISTLE_KEY": f"{self.dir}/keys/{name}.key",
            "WHISTLE_KEYRING": f"{self.dir}/keys/keyring",
            "WHISTLE_DOORS": f"{self.dir}/keys/doors",
            "WHISTLE_SECRETS": f"{self.dir}/secrets",
            "WHISTLE_METRICS_PORT": str(port),
            "WHISTLE_INSTANCE": instance,
            **({"WHISTLE_HTTP_PORT": str(self.http), "WHISTLE_CONSOLE_DIR": self.console()}
               if name == "gateway" else {}),
            **self.extra_env,
        }

    def start_service(self, instance, wait=True, **env):
        name = instance.split("-")[0]
        self.processes[instance] = Process(self, instance, [self.bin("whistle-" + name)],
                                           self.service_env(instance)).start(**env)
        if wait:
            self.wait_ready(instance)
        return self.processes[instance]

    def ready(self, instance):
        return self.get(instance, "/readyz")[0] == 200

    def get(self, instance, path):
        return self.within(instance, lambda: http_get(self.ports[instance], path))

    def wait_ready(self, instance, seconds=30):
        deadline = time.monotonic() + seconds
        while not self.ready(instance):
            if not self.processes[instance].alive():
                raise RuntimeError(f"{instance} ended:\n" + self.processes[instance].tail())
            if time.monotonic() > deadline:
                raise RuntimeError(f"{instance} not ready within {seconds} s: "
                                   f"{self.get(instance, '/readyz')}\n"
                                   + self.processes[instance].tail())
            time.sleep(0.02)

    def metrics(self, instance):
        """{name{labels}: value} of a service."""
        values = {}
        for line in self.get(instance, "/metrics")[1].splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                values[name] = float(value)
        return values

    def start_notify(self):
        self.processes["notify"] = Process(
            self, "notify", self.command("NOTIFIER") + ["notify", "--outbox", self.dir + "/outbox",
                                                        "--cursor", self.dir + "/cursors/notify"]).start()

    # ---- the command line ---------------------------------------------------------------------

    def command(self, who):
        return [self.bin("whistle"), "--doors", self.dir + "/keys/doors", "--key",
                f"{self.dir}/keys/{who}.key"]

    def whistle(self, who, *words, stdin=None, expect=0, timeout=60):
        """Runs a verb with --json; returns the JSON lines it printed."""
        done = self.within("whistle", lambda: subprocess.run(
            [*self.command(who), *words, "--json"], input=stdin, capture_output=True, text=True,
            timeout=timeout))
        if expect is not None and done.returncode != expect:
            raise AssertionError(f"{who} {' '.join(words)}: exit {done.returncode}, expected {expect}\n"
                                 f"{done.stdout}{done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines() if line.strip()]

    def whistle_script(self):
        """A command that takes --as CODE first, like deploy/whistle."""
        path = self.dir + "/whistle"
        with open(path, "w") as script:
            script.write("#!/bin/sh\nwho=OPERATOR\nif [ \"$1\" = --as ]; then who=$2; shift 2; fi\n"
                         f"exec {self.bin('whistle')} --doors {self.dir}/keys/doors "
                         f"--key {self.dir}/keys/$who.key \"$@\"\n")
        os.chmod(path, 0o755)
        return path

    # ---- life -----------------------------------------------------------------------------------

    def up(self):
        self.make_database()
        self.make_keys()
        for name in self.names:
            self.start_service(name)
        if self.district:
            self.whistle("OPERATOR", "import", self.district, "--apply")
        return self

    def __enter__(self):
        try:
            return self.up()
        except BaseException:
            self.down()
            raise

    def down(self):
        order = [n for n in self.processes if n != "postgres"]
        for name in order:
            process = self.processes[name]
            process.send(signal.SIGCONT)
            process.send(signal.SIGTERM)
        for name in order:
            try:
                self.processes[name].wait(25)
            except subprocess.TimeoutExpired:
                self.processes[name].kill()
        if "postgres" in self.processes:
            self.processes["postgres"].send(signal.SIGCONT)
            self.processes["postgres"].send(signal.SIGINT)
            try:
                self.processes["postgres"].wait(30)
            except subprocess.TimeoutExpired:
                self.processes["postgres"].send(signal.SIGQUIT)
                self.processes["postgres"].wait(30)
        if not self.keep:
            shutil.rmtree(self.dir, ignore_errors=True)

    def __exit__(self, *_):
        self.down()
