#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One upgrade, step by step, while streets raise and departments sign: the programs from before there
was a dedup on their own tables, on the expanded ones, started anew there, replaced by today's one
service after the other, with a dedup that was not there before. What would break the ones that run is
refused by name."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../chaos"))
import before  # noqa: E402
import load  # noqa: E402
import runner  # noqa: E402
from cluster import TOP  # noqa: E402

SERVICES = ("dispatch", "intake")
old = expand = test = known = None


def log_since(name, size):
    with open(test.cluster.processes[name].log, errors="replace") as log:
        log.seek(size)
        return log.read()


def restart(name):
    """Ends in order and serves again; what the new life logged."""
    size = os.path.getsize(test.cluster.processes[name].log)
    assert test.cluster.processes[name].stop(20) == 0
    test.cluster.start_service(name)
    return log_since(name, size)


def more(n=100):
    """The load goes on: so many more whistles are acknowledged, tasks reach a department."""
    whistles, task = test.acknowledged() + n, test.last_task("subscribe-FIRE")
    runner.until(lambda: test.acknowledged() >= whistles, 20)
    runner.until(lambda: test.last_task("subscribe-FIRE") > task, 20)
    test.watch()
    assert not test.faults, test.faults


def migrate(*words):
    """(exit code, output) of whistle-migrate."""
    c = test.cluster
    done = subprocess.run([c.bin("whistle-migrate"), "--database", c.conninfo("whistle"), "--dir",
                           c.dir + "/migrations", *words], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def concerned():
    """The services whose tables the newest expand migration changes."""
    part = os.path.dirname(expand)
    return SERVICES if part == "common" else (part,)


def versions():
    return test.cluster.sql("SELECT set, version, keeps FROM intake.schema_version UNION ALL "
                            "SELECT set, version, keeps FROM dispatch.schema_version ORDER BY 1, 2")


def test_new_programs_refuse_the_old_tables():
    more()
    c, name = test.cluster, concerned()[-1]
    c.add_dedup_keys()
    c.now("whistle-" + name)
    try:
        process = c.start_service(name + "-new", wait=False)
        assert process.wait(10) == 1
        line = process.tail(1)
        assert "schema.older" in line and os.path.basename(expand) in line, line
    finally:
        c.builds["whistle-" + name] = old
        del c.processes[name + "-new"]


def test_the_check_says_that_they_are_kept():
    c = test.cluster
    c.take_migrations(TOP + "/deploy/migrations")
    c.now("whistle-migrate")
    had = versions()
    code, text = migrate("--check")
    assert code == 0 and f"{expand} (keeps programs that know" in text, (code, text)
    assert versions() == had


def test_old_programs_live_on_after_the_expansion():
    more()
    code, text = migrate()
    assert code == 0 and expand in text, (code, text)
    assert migrate() == (0, ""), "nothing more to do"
    more()
    for name in SERVICES:
        said = restart(name)
        if name in concerned():
            assert "schema.expanded" in said and os.path.basename(expand) in said, said
        more()


def test_what_old_programs_would_not_outlive_is_refused():
    c = test.cluster
    folder = c.dir + "/migrations/common"
    narrow = f"{len(os.listdir(folder)) + 1:04}_narrow.sql"
    with open(f"{folder}/{narrow}", "w") as file:
        file.write("-- what an old release still uses goes\nDROP TABLE head;\n")
    had = versions()
    for words in (("--check",), ()):
        code, text = migrate(*words)
        assert code == 4 and narrow in text and "end it first" in text, (code, text)
    assert versions() == had
    os.unlink(f"{folder}/{narrow}")
    more()


def test_one_service_after_the_other_becomes_new():
    """Dispatch, then dedup for the first time: meanwhile whistles wait; then intake."""
    global known
    c = test.cluster
    c.now("whistle-dispatch")
    said = restart("dispatch")
    assert "schema.expanded" not in said, said
    taken = test.acknowledged()
    runner.until(lambda: test.acknowledged() >= taken + 100, 20)
    known = c.start_dedup()
    assert known > 500
    more()
    c.now("whistle-intake")
    said = restart("intake")
    assert "schema.expanded" not in said, said
    more()


def test_dedup_judges_only_what_came_after():
    told = "position('UNCHECKED'::bytea IN d.body) > 0"
    early, late, warm = test.cluster.sql(
        f"SELECT count(*) FILTER (WHERE i.seq <= {known} AND NOT {told}), "
        f"count(*) FILTER (WHERE i.seq > {known} AND {told}), count(*) FILTER (WHERE i.seq <= {known}) "
        "FROM dedup.journal d JOIN intake.journal i ON i.object = d.object AND i.kind = 3 "
        "WHERE d.kind IN (3, 4, 5)")[0]
    assert early == late == "0" and int(warm) > 500, (early, late, warm)


def test_nothing_was_lost_or_doubled():
    test.drain()
    bad = [f"{name}: {why}" for name, why in test.verdict() if why]
    assert not bad and not test.faults, bad + test.faults


def main():
    global old, expand, test
    try:
        old, expand = before.programs()
    except before.Absent as why:
        print(f"skipped: the programs before cannot be built: {why}")
        print("0 passed, 0 failed")
        return 0
    before.Old.folder = old
    test = load.Load(whistles=2400, seconds=24, make_cluster=before.Old)
    try:
        test.start()
        return runner.main(globals())
    finally:
        test.down()


if __name__ == "__main__":
    sys.exit(main())
