# SPDX-License-Identifier: Apache-2.0
"""The programs as they were before there was a dedup, whose tables are expanded under them: the newest
commit of that time that brought a file under deploy/migrations which keeps older programs ("-- keeps: N")
is found in the history, and what stood before it is built once into a folder of the build (git archive; no
work tree is touched). And a cluster of them: dedup comes with the upgrade."""
import os
import shutil
import subprocess
import tempfile

from cluster import BUILD, SERVICES, TOP, Cluster

PROGRAMS = ("whistle-intake", "whistle-dispatch", "whistle-migrate", "whistle")


class Absent(Exception):
    """There is no history here to build from."""


def git(*words):
    done = subprocess.run(["git", "-c", "safe.directory=*", *words], cwd=TOP, capture_output=True)
    if done.returncode != 0:
        raise Absent(f"git {words[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def newest(file):
    """Of today's migrations in the same folder: what today's programs know."""
    folder = os.path.dirname(file)
    return f"{folder}/{max(os.listdir(f'{TOP}/{folder}'))}"


def had_dedup(commit):
    return git("ls-tree", commit, "deploy/migrations/dedup/") != b""


def expand():
    """(commit, file): the commit that added a migration which keeps programs from before dedup, and the
    newest one there is now."""
    log = git("log", "--no-renames", "--diff-filter=A", "--format=commit %H", "--name-only", "--",
              "deploy/migrations").decode()
    commit = None
    for line in log.split("\n"):
        if line.startswith("commit "):
            commit = line.split()[1]
        elif line.endswith(".sql") and b"\n-- keeps:" in git("show", f"{commit}:{line}"):
            if not had_dedup(f"{commit}^"):
                return commit, newest(line)
    raise Absent("no migration in this history keeps older programs")


def build(source, folder):
    made = folder + ".new"
    shutil.rmtree(made, ignore_errors=True)
    launcher = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    with tempfile.TemporaryDirectory(prefix="whistle-before-") as work:
        for command in (["cmake", "-S", source, "-B", work, "-G", "Ninja", "-DWHISTLE_FAILPOINTS=ON",
                         "-DWHISTLE_TESTS=OFF", *launcher], ["ninja", "-C", work, *PROGRAMS]):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode != 0:
                raise RuntimeError(f"{command}: {done.stdout[-3000:]}{done.stderr[-3000:]}")
        os.makedirs(made)
        for name in PROGRAMS:
            shutil.copy(os.path.join(work, name), made)
    shutil.copytree(source + "/deploy/migrations", made + "/migrations")
    os.rename(made, folder)


def programs():
    """(folder, file): the programs and migrations before, and the expand migration that came then.
    Raises Absent, with the reason, where there is no history."""
    commit, file = expand()
    git("rev-parse", "--verify", "--quiet", f"{commit}^^{{commit}}")
    folder = os.path.join(BUILD, "before", commit[:12])
    if not os.path.isdir(folder):
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="whistle-source-") as source:
            subprocess.run(["tar", "-x", "-C", source], input=git("archive", f"{commit}^"), check=True)
            build(source, folder)
    return folder, os.path.relpath(file, "deploy/migrations")


class Old(Cluster):
    """Programs and tables as they were before; `folder` as programs() tells it. No dedup runs."""

    folder = None

    def __init__(self, **options):
        super().__init__(services=("intake", "dispatch"), **options)
        self.builds = {name: self.folder for name in PROGRAMS}
        self.take_migrations(self.folder + "/migrations")
        shutil.rmtree(self.dir + "/migrations/dedup", ignore_errors=True)

    def take_migrations(self, folder):
        shutil.rmtree(self.dir + "/migrations")
        shutil.copytree(folder, self.dir + "/migrations")

    def now(self, *programs):
        for name in programs:
            self.builds.pop(name, None)

    def expand(self):
        """Today's tables, while the programs from before run."""
        self.take_migrations(TOP + "/deploy/migrations")
        self.now("whistle-migrate")
        return self.migrate()

    def add_dedup_keys(self):
        """Its key and door, before the dispatch that hears it."""
        self.now("whistle")
        self.names = SERVICES
        self.new_keys()
        self.write_doors()

    def start_dedup(self):
        """As deploy/up does: today's dispatch serves, what it had taken of intake before is told."""
        upto = self.sql("SELECT coalesce(max(seq), 0) FROM dispatch.cursor WHERE feed = 'intake'")[0][0]
        self.extra_env["WHISTLE_KNOWN_UPTO"] = upto
        self.start_service("dedup")
        return int(upto)
