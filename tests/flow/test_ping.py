#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Health as a supervisor asks for it: `whistle ping` and /readyz say yes of a system that has no
district yet, no while the database hangs, yes again after; and never to a key that may not ask."""
import glob
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import runner  # noqa: E402
from cluster import Cluster  # noqa: E402

SERVICES = ("intake", "dispatch")
cluster = None


class Empty(Cluster):
    """No district is loaded; first only the keys that every system has are made."""

    def up(self):
        self.make_database()
        out = self.sh([self.bin("whistle"), "key", "new", "--base", "--keys", self.dir + "/keys",
                       "--keyring", self.dir + "/keys/keyring", "--json"])
        assert out.startswith('{"made":') and not glob.glob(self.dir + "/keys/99*"), out
        self.make_keys()
        for name in self.names:
            self.start_service(name)
        return self


def ping(who, service, timeout=4):
    return subprocess.run([*cluster.command(who), "ping", service, "--timeout", str(timeout), "--json"],
                          capture_output=True, text=True, timeout=60).returncode


def test_an_empty_system_is_healthy():
    for service in SERVICES:
        assert ping(service, service) == 0 and ping("OPERATOR", service) == 0
        assert cluster.ready(service)
    assert ping("OPERATOR", "nobody") == 2
    assert ping("NOTIFIER", "intake") == 1


def test_a_hanging_database_is_told():
    postgres = cluster.processes["postgres"]
    workers = subprocess.run(["pgrep", "-P", str(postgres.child.pid)], capture_output=True, text=True)
    pids = [int(p) for p in workers.stdout.split()] + [postgres.child.pid]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        runner.until(lambda: not any(cluster.ready(s) for s in SERVICES), 8)
        for service in SERVICES:
            assert ping(service, service, timeout=2) in (1, 3)
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    for service in SERVICES:
        runner.until(lambda: cluster.ready(service) and ping(service, service) == 0, 20)


def main():
    global cluster
    with Empty() as cluster:
        return runner.main(globals())


if __name__ == "__main__":
    sys.exit(main())
