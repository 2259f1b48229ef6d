# SPDX-License-Identifier: Apache-2.0
"""The demo's own script as a test: the sample whistles' whole journeys on a fresh cluster, then what
the notice sender wrote, and every process stopped in order."""
import glob
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import runner
from cluster import TOP, Cluster


def test_samples():
    with Cluster(joins=True, gateway=True) as cluster:
        cluster.start_notify()
        done = subprocess.run(
            [sys.executable, TOP + "/deploy/demo/journeys.py", "--whistle", cluster.whistle_script(),
             "--district", TOP + "/deploy/demo/district.json", "--web", f"http://127.0.0.1:{cluster.http}"],
            capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        runner.until(lambda: len(glob.glob(cluster.dir + "/outbox/*.json")) >= 50)
        notices = [json.load(open(path)) for path in glob.glob(cluster.dir + "/outbox/*.json")]
        assert all(n["text_zh"] and n["text_en"] for n in notices)
        assert len({n["id"] for n in notices}) == len(notices)
        for name in ("notify", "dispatch", "dedup", "intake"):
            assert cluster.processes[name].stop() == 0, cluster.processes[name].tail()


if __name__ == "__main__":
    sys.exit(runner.main(globals()))
