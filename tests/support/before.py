# SPDX-License-Identifier: Apache-2.0
"""The programs as they were before the newest expand migration: the commit that brought the newest file
under deploy/migrations that keeps older programs ("-- keeps: N") is found in the history, and what stood
before it is built once into a folder of the build (git archive; no work tree is touched)."""
import os
import shutil
import subprocess
import tempfile

from cluster import BUILD, TOP

PROGRAMS = ("whistle-intake", "whistle-dispatch", "whistle-migrate", "whistle")


class Absent(Exception):
    """There is no history here to build from."""


def git(*words):
    done = subprocess.run(["git", "-c", "safe.directory=*", *words], cwd=TOP, capture_output=True)
    if done.returncode != 0:
        raise Absent(f"git {words[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def expand():
    """(commit, file): the newest commit that added a migration which keeps older programs."""
    log = git("log", "--no-renames", "--diff-filter=A", "--format=commit %H", "--name-only", "--",
              "deploy/migrations").decode()
    commit = None
    for line in log.split("\n"):
        if line.startswith("commit "):
            commit = line.split()[1]
        elif line.endswith(".sql") and b"\n-- keeps:" in git("show", f"{commit}:{line}"):
            return commit, line
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
