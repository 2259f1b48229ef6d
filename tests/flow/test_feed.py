#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Server-sent events: each listener hears what the same identity hears at dispatch's own feed, each once
and in order, whatever breaks meanwhile: connections, the gateway, dispatch; from memory or from the
journal; and is told loudly when the past is another one."""
import http.client
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import runner  # noqa: E402
import subscriber as sub  # noqa: E402
from cluster import Cluster  # noqa: E402
from listener import Listener, api_keys  # noqa: E402

WHO = (sub.STREET, "GASCO", "POLICE", "DISTRICT", "WATER")
cluster, keys = None, {}


def truth(identity, after=0):
    """Numbers of the events that dispatch's own feed tells this identity."""
    return [line["seq"] for line in cluster.whistle(identity, "follow", "--once", timeout=60)
            if line["seq"] > after]


def head():
    return int(cluster.sql("SELECT seq FROM dispatch.head")[0][0])


def listen(identity, after=None):
    one = Listener(cluster.http, keys[identity], after)
    one.start()
    return one


def caught_up(listeners, seconds=20):
    want = head()
    late = []

    def done():
        late[:] = [(one.last, one.opened, one.refused[-1:]) for one in listeners
                   if one.last is None or int(one.last) < want]
        return not late
    try:
        runner.until(done, seconds)
    except AssertionError as error:
        raise AssertionError(f"head {want}, behind: {late}") from error


def test_a_key_and_a_scope_are_needed():
    for key, status in ((None, 401), ("whk_aaaaaaaa_" + "a" * 43, 401), (keys["readonly"], 403)):
        connection = http.client.HTTPConnection("127.0.0.1", cluster.http, timeout=10)
        connection.request("GET", "/api/v1/feed", headers={"Authorization": "Bearer " + key} if key else {})
        response = connection.getresponse()
        assert response.status == status, (key, response.status, response.read())
        connection.close()


def test_from_now_on_and_fast():
    one = listen("GASCO")
    runner.until(lambda: one.last is not None, 10)
    began = time.monotonic()
    number = sub.blow(cluster, 1, "燃气味")[0]
    runner.until(lambda: any(e["kind"] == "dispatched" and e["number"] == number for _, e in one.heard), 5)
    assert time.monotonic() - began < 3
    seq, event = next((s, e) for s, e in one.heard if e["kind"] == "dispatched")
    assert event["seq"] == seq and f"{number}-GASCO" in event["tasks"] and event["at"][:2] == "20", event
    one.end()
    assert one.opened == 1 and one.heard[0][0] > 1


def test_everything_once_whatever_breaks():
    chance = random.Random(7)
    listeners = {who: listen(who, 0) for who in WHO for _ in range(2)}
    for i in range(12):
        sub.blow(cluster, 6, f"漏气 {i}", category=chance.choice(("GAS_LEAK", "STREET_VENDOR")))
        for one in chance.sample(list(listeners.values()), 2):
            one.cut()
        if i == 4:
            cluster.processes["gateway"].kill()
            cluster.start_service("gateway")
        if i == 8:
            cluster.processes["dispatch"].kill()
            cluster.start_service("dispatch")
    caught_up(listeners.values())
    for who, one in listeners.items():
        one.end()
        assert one.seqs() == truth(who), (who, one.seqs(), truth(who))
        assert one.ids == sorted(one.ids) and not one.rewound
    assert len(truth("DISTRICT")) > len(truth("GASCO")) > 0


def test_older_than_memory():
    """The ring holds 40 events here; from any place on everything comes, once."""
    chance, last = random.Random(5), head()
    assert last > 60
    listeners = [(who, after, listen(who, after))
                 for who in WHO for after in (0, chance.randrange(last), last)]
    caught_up([one for _, _, one in listeners])
    for who, after, one in listeners:
        one.end()
        assert one.seqs() == truth(who, after), (who, after, one.seqs(), truth(who, after))


def test_another_past_is_told_loudly():
    one = listen("GASCO", head() + 1000)
    runner.until(lambda: one.rewound, 10)
    number = sub.blow(cluster, 1, "燃气味")[0]
    runner.until(lambda: any(e["number"] == number for _, e in one.heard), 10)
    one.end()
    assert one.rewound[0]["head"] <= head() and one.ids[0] >= one.rewound[0]["head"]
    other = http.client.HTTPConnection("127.0.0.1", cluster.http, timeout=10)
    other.request("GET", "/api/v1/feed?last_event_id=x", headers={"Authorization": "Bearer " + keys["GASCO"]})
    assert other.getresponse().status == 400


def test_who_may_no_more_is_cut_off():
    """A key that ends while its stream is open: within seconds, and it is not let in again."""
    one, other = listen("POLICE"), listen("WATER")
    runner.until(lambda: one.last is not None and other.last is not None, 10)
    with open(cluster.dir + "/keys/keyring") as file:
        lines = file.readlines()
    with open(cluster.dir + "/keys/keyring", "w") as file:
        file.writelines(line for line in lines if line.split()[:1] != ["POLICE"] and " POLICE " not in line)
    runner.until(lambda: one.refused and one.refused[-1][0] in (401, 403), 20)
    heard = len(one.heard)
    sub.blow(cluster, 1, "燃气味")
    time.sleep(1)
    assert len(one.heard) == heard and not other.refused
    one.end()
    other.end()


def main():
    global cluster
    with Cluster(gateway=True, env={"WHISTLE_HUB_EVENTS": "40"}) as cluster:
        keys.update(api_keys(cluster, WHO))
        keys["readonly"] = api_keys(cluster, ("GASCO",), ("read",))["GASCO"]
        return runner.main(globals())


if __name__ == "__main__":
    sys.exit(main())
