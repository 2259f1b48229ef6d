#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nobody sees or does over HTTP what is not theirs: a part of tests/chaos/isolation.py (three roles, some
forged numbers, all injections)."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import runner  # noqa: E402
from api import Api  # noqa: E402
from cluster import Cluster  # noqa: E402
from isolation import Isolation  # noqa: E402

of = None


def none():
    wrong, of.wrong = of.wrong, []
    assert not wrong, "\n".join(wrong[:20])


def test_injections_are_text():
    of.injections()
    none()


def test_forged_numbers_show_nothing():
    of.forged(300)
    none()


def test_every_route_by_some_roles():
    of.matrix({"COMMUNITY_WORKER", "STREET_OPERATOR", "OFFICER", "AUDITOR"})
    none()
    assert of.allowed > 60 and of.refused > 150, (of.allowed, of.refused)


if __name__ == "__main__":
    with Cluster(gateway=True, env={"WHISTLE_DOOR_WAIT_S": "5"}) as cluster:
        api = Api(cluster)
        runner.until(lambda: api.get("DISTRICT", "/api/v1/units").status == 200)
        of = Isolation(cluster, api)
        code = runner.main(globals())
    sys.exit(code)
