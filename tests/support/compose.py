# SPDX-License-Identifier: Apache-2.0
"""Docker for a test: a daemon (the machine's, or one of our own that ends with the test), a base image
(pulled, or made by debootstrap), and a Whistle of docker-compose.yml under a project name and ports of
its own, that looks to the load and the verdict like any other cluster.

Nothing of it stays: containers, networks and volumes go with down(). Images stay, they are the build's
cache. Where Docker cannot be had, Skipped says why.
"""
import json
import os
import shutil
import subprocess
import tempfile
import time

from cluster import BUILD, TOP, Cluster, free_port

BASE, MADE_BASE, TRUSTING = "debian:bookworm-slim", "whistle-base:bookworm", "whistle-base:trusting"
TRUSTED = "/etc/ssl/certs/ca-certificates.crt"
PORTS = ("INTAKE_DOOR", "INTAKE_FEED", "DEDUP_DOOR", "DEDUP_FEED", "DISPATCH_DOOR", "DISPATCH_FEED")
LASTING = ("postgres", "intake", "dedup", "dispatch", "gateway", "notify", "sheets")


class Skipped(Exception):
    pass


def run(command, timeout=60, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL, **options)


def reachable():
    try:
        return run(["docker", "info"]).returncode == 0
    except subprocess.TimeoutExpired:
        return False


# A machine whose init mounted no cgroups: dockerd gets its own view with them.
MOUNT_CGROUPS = """
mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
for name in cpu cpuacct cpuset memory devices freezer blkio pids; do
    mkdir /sys/fs/cgroup/$name
    mount -t cgroup -o $name cgroup /sys/fs/cgroup/$name || rmdir /sys/fs/cgroup/$name
done
exec "$@"
"""


def in_cgroups():
    if os.path.ismount("/sys/fs/cgroup"):
        return []
    return ["unshare", "--mount", "sh", "-c", MOUNT_CGROUPS, "sh"]


class Daemon:
    """with Daemon(): docker works. One that runs is used; else one is started below a folder of its own."""

    def __init__(self):
        self.child = self.folder = None

    def __enter__(self):
        if os.geteuid() != 0:
            raise Skipped("only root can see and kill what runs in containers")
        for program in ("docker", "docker-compose"):
            if not shutil.which(program):
                raise Skipped(f"there is no {program} (packages docker.io, docker-compose)")
        if not reachable():
            self.start()
        return self

    def start(self):
        if not shutil.which("dockerd"):
            raise Skipped("no Docker daemon answers and there is no dockerd (package docker.io)")
        self.folder = tempfile.mkdtemp(prefix="whistle-docker-", dir="/var/tmp")
        socket = f"unix://{self.folder}/docker.sock"
        with open(self.folder + "/log", "w") as log:
            self.child = subprocess.Popen(
                [*in_cgroups(), "dockerd", "--data-root", self.folder + "/data",
                 "--exec-root", self.folder + "/exec", "--pidfile", self.folder + "/pid", "-H", socket],
                stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, start_new_session=True)
        os.environ["DOCKER_HOST"] = socket
        deadline = time.monotonic() + 40
        while not reachable():
            if self.child.poll() is not None or time.monotonic() > deadline:
                with open(self.folder + "/log") as log:
                    last = (log.read().strip().splitlines() or ["it says nothing"])[-1]
                self.__exit__()
                raise Skipped(f"dockerd cannot be started here: {last}")
            time.sleep(0.3)

    def __exit__(self, *_):
        if not self.child:
            return
        del os.environ["DOCKER_HOST"]
        self.child.terminate()
        try:
            self.child.wait(60)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def base_image():
    """The name of an image of Debian 12: what is there, what can be pulled, what can be made."""
    for name in (BASE, MADE_BASE):
        if run(["docker", "image", "inspect", name]).returncode == 0:
            return name
    try:
        if run(["docker", "pull", "-q", BASE], timeout=120).returncode == 0:
            return BASE
    except subprocess.TimeoutExpired:
        pass
    if not shutil.which("debootstrap"):
        raise Skipped(f"{BASE} cannot be pulled, and there is no debootstrap to make it")
    with tempfile.TemporaryDirectory(prefix="whistle-base-", dir="/var/tmp") as root:
        done = run(["debootstrap", "--variant=minbase", "bookworm", root], timeout=600)
        if done.returncode != 0:
            raise Skipped(f"{BASE} can neither be pulled nor made: {done.stdout[-300:]}")
        tar = subprocess.Popen(["tar", "-C", root, "-c", "."], stdout=subprocess.PIPE)
        made = subprocess.run(["docker", "import", "-", MADE_BASE], stdin=tar.stdout,
                              capture_output=True, text=True, timeout=300)
        tar.stdout.close()
        if tar.wait() != 0 or made.returncode != 0:
            raise Skipped(f"no image can be made here: {made.stderr.strip()[-300:]}")
    return MADE_BASE


def trusting(base):
    """The base with what this machine trusts: a network that looks into TLS has an authority of its own."""
    if not os.path.exists(TRUSTED):
        return base
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(TRUSTED, folder + "/trusted.crt")
        with open(folder + "/Dockerfile", "w") as file:
            file.write(f"FROM {base}\nCOPY trusted.crt /etc/ssl/trusted.crt\n"
                       "ENV NODE_EXTRA_CA_CERTS=/etc/ssl/trusted.crt\n")
        done = run(["docker", "build", "-q", "-t", TRUSTING, folder], timeout=300)
    assert done.returncode == 0, done.stderr
    return TRUSTING


class Project(Cluster):
    """docker-compose.yml as a cluster: streets and departments are programs outside, over tcp."""

    def __init__(self, district, keep=False):
        super().__init__(district=district, keep=keep)
        self.name = f"whistletest{os.getpid()}"
        self.env = {**os.environ, "COMPOSE_PROJECT_NAME": self.name, "WHISTLE_TAG": "test",
                    "WHISTLE_BASE": trusting(base_image()), "WHISTLE_BIND": "127.0.0.1",
                    "WHISTLE_DISTRICT": "", "LC_ALL": "C.UTF-8", "WHISTLE_HOLD_S": "3",
                    **{f"WHISTLE_{p}_PORT": str(free_port()) for p in PORTS}}

    # ---- docker -----------------------------------------------------------------------------------

    def docker(self, *words, timeout=120):
        done = run(["docker", *words], timeout=timeout)
        if done.returncode != 0:
            raise RuntimeError(f"docker {' '.join(words)}: exit {done.returncode}\n{done.stderr}")
        return done.stdout

    def compose(self, *words, timeout=300):
        done = run(["docker-compose", *words], timeout=timeout, env=self.env, cwd=TOP)
        if done.returncode != 0:
            raise RuntimeError(f"docker-compose {' '.join(words)}: exit {done.returncode}\n"
                               f"{done.stdout[-2000:]}{done.stderr[-4000:]}")
        return done.stdout

    def container(self, service):
        return f"{self.name}_{service}_1"

    def next_images(self):
        """The same images under another name: to Compose an upgrade. Gone again with down()."""
        for image in ("services", "postgres", "tools"):
            self.docker("tag", f"whistle-{image}:test", f"whistle-{image}:{self.name}")
        self.env["WHISTLE_TAG"] = self.name

    def drop_images(self):
        for image in ("services", "postgres", "tools"):
            run(["docker", "rmi", f"whistle-{image}:{self.name}"])

    def inspect(self, service):
        return json.loads(self.docker("inspect", self.container(service)))[0]

    def left(self):
        """What Docker still has of this project."""
        label = f"label=com.docker.compose.project={self.name}"
        lists = (["ps", "-aq"], ["network", "ls", "-q"], ["volume", "ls", "-q"])
        return [word for words in lists for word in self.docker(*words, "--filter", label).split()]

    def memory(self, service):
        """Bytes of its processes; what several share counts once."""
        total = 0
        for pid in self.docker("top", self.container(service), "-o", "pid").split()[1:]:
            with open(f"/proc/{pid}/smaps_rollup") as file:
                total += sum(int(line.split()[1]) << 10 for line in file if line.startswith("Pss:"))
        return total

    def healthy(self):
        states = (self.inspect(s)["State"] for s in LASTING)
        return all(s["Running"] and s.get("Health", {}).get("Status", "healthy") == "healthy"
                   for s in states)

    # ---- the command line, as an operator has it ---------------------------------------------------

    def tool(self, *words, expect=0, name="whistle"):
        """deploy/docker/<name>: its standard output."""
        done = run([f"{TOP}/deploy/docker/{name}", *words], env=self.env, cwd=self.dir, timeout=300)
        assert expect in (None, done.returncode), (f"{name} {words}: exit {done.returncode}\n"
                                                   f"{done.stdout}{done.stderr}")
        return done.stdout

    def take_keys(self, identities):
        """What an operator hands to each: key file and doors, readable for who runs the programs."""
        self.tool(self.dir + "/keys", *identities, name="hand")
        for name in os.listdir(self.dir + "/keys"):
            self.own(f"{self.dir}/keys/{name}")

    # ---- what a verdict asks of a cluster -----------------------------------------------------------

    def sql(self, text, user="whistle"):
        out = self.docker("exec", self.container("postgres"), "psql", "-qAtX", "-F", "\t", "-h",
                          "/srv/whistle/socket", "-U", user, "-d", "whistle", "-v", "ON_ERROR_STOP=1",
                          "-c", text)
        return [line.split("\t") for line in out.splitlines()]

    def conninfo(self, user):
        return f"host=/srv/whistle/socket dbname=whistle user={user}"

    def sh(self, command, **options):
        """A program of ours beside the database, as the database's user; others as any cluster does."""
        name = os.path.basename(command[0])
        if os.path.dirname(command[0]) != self.dir + "/bin":
            return super().sh(command, **options)
        return self.docker("run", "--rm", "--network", "none", "-u", "10002:10002", "-v",
                           f"{BUILD}/{name}:/program:ro", "--volumes-from", self.container("postgres"),
                           "--entrypoint", "/program", "whistle-services:test", *command[1:])

    def up(self):
        """The test starts it, step by step."""
        return self

    def down(self):
        super().down()
        if not self.keep:
            self.compose("--profile", "demo", "--profile", "backup", "down", "-v", "-t", "30")
            self.drop_images()
