#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The main job's figures: a street blows whistles, four departments follow and acknowledge durably.

Each measurement has a fresh cluster of its own (private PostgreSQL, services built with
optimisation and without fail points) and three figures of the machine beside it: fsyncs a second of
the cluster's folder before and after, and a plain libpq pipeline that writes the same rows again.
Everything shares the machine with the bench's own clients.

Every whistle is a matter of its own (support/bench_matter.h: generated civic reports, 600 bytes). Dedup
has --hot reports of the last 35 days in its index before the first one. Doubtful ones go out at once
(hold 0), so that all are delivered; how many were joined or shown as perhaps the same is printed.

  tests/bench/main_job.py [--json] [--only full,half,one] [--hot N] [--count N] [--rate R] [--build DIR]
  tests/bench/main_job.py --without-dedup [--rounds 3] [--hot N]

--without-dedup measures full speed in turn without dedup (the programs from before it was built, from
the git history) and with it, and prints the loss of the medians.
"""
import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
SERVICES = ("whistle-intake", "whistle-dispatch", "whistle", "whistle-migrate")
PROGRAMS = (*SERVICES, "whistle-dedup", "bench_main", "bench_floor", "bench_hot", "bench_preview")
TICK = os.sysconf("SC_CLK_TCK")


def build(folder, source=TOP, programs=PROGRAMS):
    """Release services without fail points; errors show the compiler's words."""
    launcher = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    steps = [["cmake", "-S", source, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=RelWithDebInfo",
              "-DWHISTLE_FAILPOINTS=OFF", *launcher], ["ninja", "-C", folder, *programs]]
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(done.stdout + done.stderr)


def git(*words):
    return subprocess.run(["git", "-c", "safe.directory=*", *words], cwd=TOP, capture_output=True,
                          check=True).stdout


def build_before(folder):
    """The programs from before dedup and their migrations, in `folder`."""
    first = git("log", "--diff-filter=A", "--format=%H", "--", "services/dedup/main.c").split()[-1].decode()
    mark = os.path.join(folder, "of-" + first)
    if os.path.exists(mark):
        return
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="whistle-source-") as source:
        subprocess.run(["tar", "-x", "-C", source], input=git("archive", first + "^"), check=True)
        build(folder, source, SERVICES)
        shutil.copytree(source + "/deploy/migrations", folder + "/migrations")
    with open(mark, "w"):
        pass


def cpu_of(pid):
    """User and system seconds of a process; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK
    except OSError:
        return 0.0


def peak_mib(pid):
    with open(f"/proc/{pid}/status") as status:
        line = next(line for line in status if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def postgres_pids(postmaster):
    """{pid: what it is} of the server and its children."""
    names = {postmaster: "postmaster"}
    with open(f"/proc/{postmaster}/task/{postmaster}/children") as children:
        for pid in map(int, children.read().split()):
            try:
                with open(f"/proc/{pid}/cmdline") as cmdline:
                    names[pid] = cmdline.read().split("\0")[0].removeprefix("postgres: ").strip()
            except OSError:
                continue
    return names


class Cpu(threading.Thread):
    """CPU seconds by process while a bench runs; looks twice a second, for backends that end."""

    def __init__(self, cluster):
        super().__init__(daemon=True)
        self.cluster, self.first, self.last, self.over = cluster, {}, {}, threading.Event()
        self.look(self.first)

    def look(self, into):
        names = {self.cluster.processes[s].child.pid: s for s in self.cluster.names}
        names.update({pid: "postgres " + name.split(" whistle")[0] for pid, name in
                      postgres_pids(self.cluster.processes["postgres"].child.pid).items()})
        for pid, name in names.items():
            into[pid] = (name, cpu_of(pid))

    def run(self):
        while not self.over.wait(0.5):
            self.look(self.last)

    def end(self):
        self.over.set()
        self.join()
        self.look(self.last)
        by_name = {}
        for pid, (name, seconds) in self.last.items():
            spent = seconds - self.first.get(pid, (name, 0.0))[1]
            by_name[name] = round(by_name.get(name, 0.0) + spent, 2)
        return {name: s for name, s in sorted(by_name.items(), key=lambda x: -x[1]) if s >= 0.01}


def program(cluster, *words):
    """One of the bench's programs, its JSON line."""
    done = subprocess.run([cluster.bin(words[0]), *map(str, words[1:])], capture_output=True,
                          text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{words}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def cpu_children():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def new_cluster(before):
    """All three services; or those from before dedup, out of the folder `before`."""
    from cluster import Cluster
    if not before:
        return Cluster(joins=True, env={"WHISTLE_HOLD_S": "0"})
    cluster = Cluster(services=("intake", "dispatch"))
    cluster.builds = {name: before for name in SERVICES}
    shutil.rmtree(cluster.dir + "/migrations")
    shutil.copytree(before + "/migrations", cluster.dir + "/migrations")
    return cluster


def fill(cluster, hot):
    """Puts `hot` reports into dedup's tables and lets it rebuild. {figure: value}"""
    if not hot or "dedup" not in cluster.names:
        return {}
    cluster.processes["dedup"].stop()
    program(cluster, "bench_hot", cluster.conninfo("whistle"), hot, 1)
    cluster.sql("VACUUM ANALYZE")
    began = time.monotonic()
    cluster.start_service("dedup", wait=False)
    cluster.wait_ready("dedup", 300)
    return {"rebuild_s": round(time.monotonic() - began, 1)}


def measure(name, count, window, rate, hot=0, before=None):
    """One measurement on a cluster of its own: a flat dictionary of figures."""
    with new_cluster(before) as cluster:
        floor = cluster.dir + "/pg"
        more = fill(cluster, hot)
        if "dedup" in cluster.names:
            more |= program(cluster, "bench_preview", cluster.dir + "/keys/990101003.key",
                            cluster.dir + "/keys/doors", 1500)
        first = program(cluster, "bench_floor", "fsync", floor)
        cpu = Cpu(cluster)
        cpu.start()
        mine = cpu_children()
        figures = program(cluster, "bench_main", cluster.dir + "/keys/doors", cluster.dir + "/keys",
                          count, window, rate)
        bench_cpu = cpu_children() - mine
        spent = cpu.end()
        spent["bench's own clients"] = round(bench_cpu, 2)
        after = program(cluster, "bench_floor", "fsync", floor)
        group = 1 if window == 1 else 128
        plain = program(cluster, "bench_floor", "pipeline", cluster.conninfo("whistle"),
                        min(count, 3000 if group == 1 else 20000), group)
        figures |= more | {"name": name, "hot": hot, "fsyncs_per_s_before": first["fsyncs_per_s"],
                           "fsyncs_per_s_after": after["fsyncs_per_s"],
                           "fsync_p50_us": after["fsync_p50_us"],
                           "plain_pipeline_per_s": plain["whistles_per_s"], "cpu_s": spent}
        for service in cluster.names:
            figures[service + "_peak_mib"] = round(
                peak_mib(cluster.processes[service].child.pid), 1)
        return figures


def previews(figures):
    if "preview_p50_ms" not in figures:
        return "–"
    return f"{figures['preview_p50_ms']:.2f} / {figures['preview_p99_ms']:.2f}"


ROWS = (
    ("whistles", lambda f: f"{f['count']}"),
    ("outstanding", lambda f: f"{f['window']}"),
    ("offered /s", lambda f: f"{f['rate']:.0f}" if f["rate"] else "all it takes"),
    ("accepted /s", lambda f: f"{f['accepted_per_s']:.0f}"),
    ("delivered and acknowledged by all four /s", lambda f: f"{f['delivered_per_s']:.0f}"),
    ("accept p50 / p99 ms", lambda f: f"{f['accept_p50_ms']:.2f} / {f['accept_p99_ms']:.2f}"),
    ("end to end p50 / p99 ms",
     lambda f: f"{f['end_to_end_p50_ms']:.2f} / {f['end_to_end_p99_ms']:.2f}"),
    ("taken for another's: joined / perhaps", lambda f: f"{f['joined']} / {f['perhaps']}"),
    ("hot reports before", lambda f: f"{f['hot']}" if "dedup_peak_mib" in f else "no dedup"),
    ("preview p50 / p99 ms (idle)", previews),
    ("peak memory intake + dedup + dispatch MiB", lambda f: " + ".join(
        f"{f.get(s + '_peak_mib', 0):.0f}" for s in ("intake", "dedup", "dispatch"))),
    ("fsyncs /s of this disk, before / after",
     lambda f: f"{f['fsyncs_per_s_before']:.0f} / {f['fsyncs_per_s_after']:.0f}"),
    ("plain pipeline, same rows /s", lambda f: f"{f['plain_pipeline_per_s']:.0f}"),
)


def table(runs):
    wide = max(len(label) for label, _ in ROWS)
    print(" " * wide, *(f"{f['name']:>20}" for f in runs))
    for label, show in ROWS:
        print(f"{label:<{wide}}", *(f"{show(f):>20}" for f in runs))
    for f in runs:
        print(f"\nCPU seconds, {f['name']}: " + ", ".join(f"{n} {s}" for n, s in f["cpu_s"].items()))


def compare(options):
    """Without and with dedup in turn; [runs] and prints what is lost."""
    before = options.build + "-before"
    build_before(before)
    runs = []
    for _ in range(options.rounds):
        runs.append(measure("without dedup", options.count, 256, 0, before=before))
        runs.append(measure("with dedup", options.count, 256, 0, options.hot))
    return runs


def loss(runs):
    kinds = {name: [r["accepted_per_s"] for r in runs if r["name"] == name]
             for name in ("without dedup", "with dedup")}
    medians = {name: statistics.median(values) for name, values in kinds.items()}
    lost = 1 - medians["with dedup"] / medians["without dedup"]
    return {"accepted_per_s": kinds, "medians": medians, "loss_percent": round(100 * lost, 1),
            "hot": max(r["hot"] for r in runs)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object a measurement")
    parser.add_argument("--only", default="full,half,one", help="which of full, half, one")
    parser.add_argument("--hot", type=int, default=10000, help="reports that dedup has at the beginning")
    parser.add_argument("--without-dedup", action="store_true", help="full speed without and with it in turn")
    parser.add_argument("--rounds", type=int, default=3, help="how often, with --without-dedup")
    parser.add_argument("--count", type=int, default=0, help="whistles at full speed")
    parser.add_argument("--rate", type=float, default=0, help="offered at half load; default: measured")
    parser.add_argument("--build", default="/tmp/whistle-bench-build", help="build folder")
    options = parser.parse_args()
    options.count = options.count or (60000 if options.without_dedup else 150000)
    build(options.build)
    os.environ["WHISTLE_BUILD"] = options.build
    sys.path.insert(0, os.path.join(TOP, "tests/support"))
    runs, rate, names = [], options.rate, options.only.split(",")
    if options.without_dedup:
        runs, names = compare(options), []
    if "full" in names:
        runs.append(measure("full speed", options.count, 256, 0, options.hot))
        both = min(runs[0]["accepted_per_s"], runs[0]["delivered_per_s"])
        rate = rate or both / 2
    if "half" in names:
        rate = rate or 7500
        runs.append(measure("half load", int(rate * 10), 4096, round(rate), options.hot))
    if "one" in names:
        runs.append(measure("one at a time", 4000, 1, 0, options.hot))
    if options.json:
        for run in runs:
            print(json.dumps(run, ensure_ascii=False))
    else:
        print(time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()) + f", {os.cpu_count()} cores")
        table(runs)
    if options.without_dedup:
        print(json.dumps(loss(runs)))


if __name__ == "__main__":
    main()
