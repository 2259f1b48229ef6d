#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an operator sees: /metrics is what Prometheus expects, bounded and without anything personal;
every figure is documented, every alarm and panel names figures that exist, every alarm is explained,
fires and stays silent; a healthy cluster raises none, and real trouble raises exactly its own."""
import json
import os
import re
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import promtool  # noqa: E402
import distinct  # noqa: E402
import runner  # noqa: E402
from cluster import SERVICES, TOP, Cluster, http_get  # noqa: E402

STREET = "990101002"
CONFIG = TOP + "/deploy/config/"
FIGURE = re.compile(r"\b(?:whistle|process)_[a-z0-9_]+\b")
cluster = None


def scrape(*services):
    return {s: http_get(cluster.ports[s], "/metrics")[1] for s in services or [*SERVICES, "gateway"]}


def value(service, series):
    return cluster.metrics(service).get(series)


def raise_some(n, *options):
    one = {"unit": STREET, "category": "PIPE_BURST", "title": "水管爆裂",
           "reporter": {"name": "王秀英", "phone": "13912345678"}}
    lines = "".join(json.dumps(distinct.apart(one)) + "\n" for _ in range(n))
    return [a["number"] for a in cluster.whistle(STREET, "raise", "--file", "-", *options, stdin=lines)]


def names_in(path):
    with open(path) as file:
        return set(FIGURE.findall(file.read()))


def shown():
    """Families of all services by name."""
    families = {}
    for text in scrape().values():
        families.update(promtool.parse(text))
    return families


# ---- form -----------------------------------------------------------------------------------------

def check_histogram(name, family):
    rows = {}
    for (sample, *labels), number in family["samples"].items():
        rest = tuple(pair for pair in labels if pair[0] != "le")
        rows.setdefault(rest, []).append((sample, dict(labels).get("le"), number))
    for row in rows.values():
        buckets = [(float(le), n) for sample, le, n in row if le]
        count = next(n for sample, _, n in row if sample.endswith("_count"))
        assert buckets == sorted(buckets) and [n for _, n in buckets] == sorted(n for _, n in buckets)
        assert buckets[-1] == (float("inf"), count), name


def test_metrics_are_as_prometheus_wants_them():
    for service, text in scrape().items():
        promtool.check("metrics", stdin=text)
        for name, family in promtool.parse(text).items():
            assert name.endswith("_total") == (family["type"] == "counter"), name
            assert not re.search(r"_(ms|mib|mb|kb|minutes)(_|$)", name), name
            assert all(("service", service) == labels[1] for labels in family["samples"]), name
            if family["type"] == "histogram":
                check_histogram(name, family)


def test_nothing_personal_and_nothing_written_by_others():
    text = "".join(scrape().values())
    for word in ("王秀英", "13912345678", "水管", STREET, "no such category"):
        assert word not in text, word
    assert all(ord(c) < 128 for c in text)


def test_refusals_are_counted_by_rule():
    series = 'whistle_refused_total{service="intake",at="door",reason="field.unknown"}'
    before = value("intake", series) or 0
    cluster.whistle(STREET, "raise", "--unit", STREET, "--category", "NOTHING", "--title", "x", expect=1)
    assert value("intake", series) == before + 1


# ---- files ----------------------------------------------------------------------------------------

def test_every_figure_is_documented():
    documented, live = names_in(CONFIG + "README.md"), set(shown())
    assert live - documented == set(), live - documented
    assert documented - live == set(), documented - live


def test_alarms_and_panels_name_what_exists():
    families = shown()
    exist = set(families)
    for name, family in families.items():
        if family["type"] == "histogram":
            exist |= {name + end for end in ("_bucket", "_sum", "_count")}
    for path in ("alarms.yml", "grafana-dashboard.json"):
        assert names_in(CONFIG + path) - exist == set(), names_in(CONFIG + path) - exist
    on_panels = {re.sub(r"_(bucket|sum|count)$", "", n) for n in names_in(CONFIG + "grafana-dashboard.json")}
    assert {n for n in families if n.startswith("whistle_")} - on_panels <= {
        "whistle_feed_rewound_total", "whistle_followed_rewound", "whistle_followed_seq",
        "whistle_metrics_dropped_total"}


def test_prometheus_takes_the_files():
    promtool.check("rules", CONFIG + "alarms.yml")
    promtool.check("config", CONFIG + "prometheus.yml")
    with open(CONFIG + "grafana-dashboard.json") as file:
        board = json.load(file)
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids)) and board["uid"] == "whistle"
    for panel in board["panels"]:
        assert panel["type"] == "row" or all(t["expr"] for t in panel["targets"]), panel["title"]


def test_every_alarm_is_explained():
    with open(TOP + "/deploy/README.md") as file:
        section = file.read().split("## What each alarm means")[1].split("\n## ")[0]
    explained = dict(re.findall(r"^\| `(Whistle\w+)` \| (.+) \|$", section, re.M))
    assert set(explained) == set(promtool.alarm_names())
    for name, line in explained.items():
        assert len([cell for cell in line.split(" | ") if cell.strip()]) == 3, name
    with open(CONFIG + "alarms.yml") as file:
        rules = file.read().split("- alert: ")[1:]
    for rule in rules:
        assert re.search(r"severity: (critical|warning)", rule), rule
        assert re.search(r"summary: '.*[\u4e00-\u9fff].* / .*[a-z].*'", rule), rule
        assert "runbook: deploy/README.md#what-each-alarm-means" in rule, rule


# ---- every alarm: series that raise it, the same that nearly do -------------------------------------

def both(name, labels, bad, good):
    return {name + labels: bad}, {name + labels: good}


def of(service, **labels):
    pairs = {"service": service, "instance": "x", **labels}
    return "{" + ",".join(f'{k}="{v}"' for k, v in pairs.items()) + "}"


def takes_memory(bad, expected, good):
    """The bound is each instance's own."""
    return tuple({"process_resident_memory_bytes" + of("dedup", job="whistle"): f"{resident}+0x80",
                  "whistle_memory_expected_bytes" + of("dedup", job="whistle"): f"{expected}+0x80"}
                 for resident in (bad, good))


UP = {"up" + of("intake", job="whistle"): "1+0x80"}
SERVING = {"whistle_serving" + of(s): "1+0x80" for s in [*SERVICES, "gateway"]}
SENDER = {"whistle_follower_connected" + of("dispatch", feed="notices", follower="N"): "1+0x80"}
FOLLOWER = of("dispatch", feed="dispatch", follower="GASCO")
CASES = {
    "NotScraped": both("up", of("intake", job="whistle"), "0+0x80", "1+0x80"),
    "NobodyServes": both("whistle_serving", of("intake"), "0+0x80", "1+0x80"),
    "DatabaseSilent": both("whistle_database_silent_seconds", of("intake"), "6+0x80", "2+0x80"),
    "DatabaseFlaps": both("whistle_database_lost_total", of("intake", connection="writer"), "0+2x80",
                          "0+0.5x80"),
    "CommitSlow": tuple({f"whistle_commit_duration_seconds_bucket{of('intake', le=le)}": f"0+{n}x80"
                         for le, n in rows} for rows in ((("0.5", 90), ("1", 100), ("+Inf", 100)),
                                                         (("0.5", 100), ("1", 100), ("+Inf", 100)))),
    "DiskLow": both("whistle_disk_free_bytes", of("intake"), "2000000000+0x80", "3000000000+0x80"),
    "DiskFull": both("whistle_busy_total", of("intake", at="door", reason="busy.disk"), "0+1x80",
                     "5+0x80"),
    "Restarts": both("process_start_time_seconds", of("intake", job="whistle"), "0+1x80", "7+0x80"),
    "StandbyGone": ({"whistle_standby" + of("intake"): "0+0x80",
                     "whistle_standby{service=\"intake\",instance=\"y\"}": "1+0x5"},
                    {"whistle_standby" + of("intake"): "0+0x80",
                     "whistle_standby{service=\"intake\",instance=\"y\"}": "1+0x80"}),
    "StandbyCold": both("whistle_standby_lag_events", of("intake"), "20000+0x80", "10+0x80"),
    "QueueStuck": both("whistle_oldest_item_seconds", of("intake"), "11+0x80", "9+0x80"),
    "DispatchSlow": tuple({f"whistle_dispatch_wait_seconds_bucket{of('dispatch', le=le)}": f"0+{n}x80"
                           for le, n in rows} for rows in ((("5", 90), ("10", 100), ("+Inf", 100)),
                                                           (("5", 100), ("10", 100), ("+Inf", 100)))),
    "DispatchBehind": both("whistle_follower_lag_seconds", of("dedup", feed="dedup", follower="dispatch"),
                           "31+0x80", "29+0x80"),
    "DedupBehind": both("whistle_follower_lag_seconds", of("intake", feed="intake", follower="dedup"),
                        "31+0x80", "29+0x80"),
    "DedupPaused": both("whistle_follows_paused", of("dedup"), "1+0x80", "1x5 0 1x5 0 1x5 0 1x5 0 1x5 0 1x5"),
    "Unchecked": both("whistle_whistles_unchecked_total", of("dispatch"), "0x10 1+0x70", "1+0x80"),
    "DoubtsWait": both("whistle_dedup_doubts", of("dedup"), "21+0x80", "20+0x80"),
    "DedupMemory": both("whistle_dedup_bytes", of("dedup"), "300000000+0x80", "200000000+0x80"),
    "TasksUntold": both("whistle_tasks_untold_seconds", of("dispatch"), "0+60x80", "290+0x80"),
    "NoticeSenderGone": both("whistle_follower_connected", of("dispatch", feed="notices", follower="N"),
                             "0+0x80", "1+0x80"),
    "NoticesBehind": both("whistle_follower_lag_seconds", of("dispatch", feed="notices", follower="N"),
                          "61+0x80", "59+0x80"),
    "TimersLate": both("whistle_timer_late_seconds", of("dispatch"), "31+0x80", "29+0x80"),
    "DeadLetters": both("whistle_dead_letters_open", of("dispatch"), "1+0x80", "0+0x80"),
    "CommandsSetAside": both("whistle_dead_letters_total", of("intake", kind="command"), "0x10 1+0x70",
                             "1+0x80"),
    "Rewound": both("whistle_followed_rewound", of("dispatch", feed="intake"), "1+0x80", "0+0x80"),
    "FollowedSilent": both("whistle_followed_connected", of("dispatch", feed="intake"), "0+0x80",
                           "1+0x80"),
    "FollowerLags": ({"whistle_follower_lag_seconds" + FOLLOWER: "61+0x80",
                      "whistle_follower_connected" + FOLLOWER: "1+0x80"},
                     {"whistle_follower_lag_seconds" + FOLLOWER: "61+0x80",
                      "whistle_follower_connected" + FOLLOWER: "0+0x80"}),
    "FollowerGone": ({"whistle_follower_lag_events" + FOLLOWER: "1+0x80",
                      "whistle_follower_connected" + FOLLOWER: "0+0x80"},
                     {"whistle_follower_lag_events" + FOLLOWER: "0+0x80",
                      "whistle_follower_connected" + FOLLOWER: "0+0x80"}),
    "FeedRefills": both("whistle_followed_follows_total", of("dispatch", feed="intake"), "0+12x80",
                        "0+4x80"),
    "Busy": both("whistle_busy_total", of("intake", at="door", reason="busy.window"), "0+120x80",
                 "0+30x80"),
    "WrongKeys": both("whistle_handshakes_refused_total", of("intake"), "0+10x80", "0+4x80"),
    "AnswersLost": both("whistle_answers_lost_total", of("intake"), "0+120x80", "0+30x80"),
    "KeysExpire": both("whistle_keys_expiring", of("intake"), "1+0x80", "0+0x80"),
    "KeyringBad": both("whistle_keyring_bad", of("intake"), "1+0x80", "0+0x80"),
    "ClockOff": both("whistle_clock_seconds", of("intake"), "12+60x80", "8+60x80"),
    "MemoryHigh": takes_memory(140000000, 134217728, 120000000),
    "FilesRunOut": ({"process_open_fds" + of("intake", job="whistle"): "81+0x80",
                     "process_max_fds" + of("intake", job="whistle"): "100+0x80"},
                    {"process_open_fds" + of("intake", job="whistle"): "79+0x80",
                     "process_max_fds" + of("intake", job="whistle"): "100+0x80"}),
    "LoginAttack": both("whistle_logins_total", of("gateway", result="wrong"), "0+12x80", "0+8x80"),
    "FiguresDropped": both("whistle_metrics_dropped_total", of("intake"), "0x10 1+0x70", "1+0x80"),
}


def test_every_alarm_fires_and_stays_silent():
    assert {"Whistle" + name for name in CASES} == set(promtool.alarm_names())
    quiet = {**UP, **SERVING, **SENDER}
    cases = [({**quiet, **bad}, 70 if name == "KeysExpire" else 19, {"Whistle" + name})
             for name, (bad, _) in CASES.items()]
    nearly = dict(quiet)
    for _, good in CASES.values():
        assert all(nearly.get(series, values) == values for series, values in good.items())
        nearly.update(good)
    cases.append((nearly, 70, set()))
    promtool.all_fire_as_expected(cases)


# ---- a live cluster ---------------------------------------------------------------------------------

def fires(minutes=19):
    """What would fire if the cluster stayed as it is now."""
    return {name[len("Whistle"):] for name in promtool.firing(promtool.held(scrape()), minutes)}


def test_a_healthy_cluster_raises_no_alarm():
    runner.until(lambda: value("dispatch", 'whistle_tasks_untold{service="dispatch"}') == 0)
    runner.until(lambda: fires() == set(), every=0.5)
    assert value("dispatch", 'whistle_whistles_dispatched_total{service="dispatch",priority="P1"}') >= 3
    assert value("intake", 'whistle_whistles_raised_total{service="intake",priority="P1"}') >= 3
    assert value("dispatch", 'whistle_dispatch_wait_seconds_count{service="dispatch"}') >= 3
    assert value("dispatch", 'whistle_tasks_open{service="dispatch",state="PENDING"}') >= 3


def test_the_bound_of_memory_follows_what_is_held():
    """A million reports in dedup's memory are no alarm, and the same memory with a thousand is one."""
    quiet = {**UP, **SERVING, **SENDER}
    many, few = 134217728 + 1000000 * 768, 134217728 + 1000 * 768
    promtool.all_fire_as_expected([
        ({**quiet, **takes_memory(650 << 20, many, 0)[0]}, 19, set()),
        ({**quiet, **takes_memory(650 << 20, few, 0)[0]}, 19, {"WhistleMemoryHigh"}),
        ({**quiet, **takes_memory(many + 1, many, 0)[0]}, 19, {"WhistleMemoryHigh"})])
    for service in SERVICES:
        name = f'whistle_memory_expected_bytes{{service="{service}"}}'
        held = value("dedup", 'whistle_dedup_reports{service="dedup"}') * 768 if service == "dedup" else 0
        assert value(service, name) == 134217728 + held, service
        resident = value(service, f'process_resident_memory_bytes{{service="{service}"}}')
        print(f"     {service}: {resident / 2**20:.0f} MiB of {value(service, name) / 2**20:.0f}")


def signal_postgres(sig):
    """To the server and all its sessions."""
    pid = cluster.processes["postgres"].child.pid
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        for one in [pid, *map(int, file.read().split())]:
            os.kill(one, sig)


def test_a_frozen_database_is_seen():
    signal_postgres(signal.SIGSTOP)
    try:
        silent = 'whistle_database_silent_seconds{service="intake"}'
        down = 'whistle_serving{service="intake"}'
        runner.until(lambda: value("intake", silent) > 5 and value("intake", down) == 0, seconds=12)
        runner.until(lambda: value("dispatch", down.replace("intake", "dispatch")) == 0)
        cluster.whistle(STREET, "raise", "--unit", STREET, "--category", "PIPE_BURST", "--title", "x",
                        "--timeout", "1", "--no-wait", expect=3)
        assert value("intake", 'whistle_busy_total{service="intake",at="door",reason="busy.database"}') > 0
        assert {"DatabaseSilent", "NobodyServes", "NoticeSenderGone"} <= fires()
    finally:
        signal_postgres(signal.SIGCONT)
    cluster.wait_ready("intake")
    cluster.wait_ready("dispatch")
    runner.until(lambda: value("intake", 'whistle_database_silent_seconds{service="intake"}') < 3)


def test_a_follower_that_lags_is_seen():
    lag = 'whistle_follower_lag_{}{{service="dedup",feed="dedup",follower="dispatch"}}'
    dispatch = cluster.processes["dispatch"]
    runner.until(lambda: value("dedup", lag.format("events")) == 0)
    dispatch.send(signal.SIGSTOP)
    try:
        raise_some(5, "--no-wait")
        runner.until(lambda: value("dedup", lag.format("events")) >= 5)
        before, began = value("dedup", lag.format("seconds")), time.monotonic()
        time.sleep(2)
        grown = value("dedup", lag.format("seconds")) - before
        assert abs(grown - (time.monotonic() - began)) < 1, grown
    finally:
        dispatch.send(signal.SIGCONT)
    runner.until(lambda: value("dedup", lag.format("events")) == 0)
    assert value("dedup", lag.format("seconds")) == 0


def test_a_dead_letter_is_seen_shown_and_retried():
    cluster.sql("ALTER TABLE dispatch.whistle ADD CONSTRAINT sick "
                f"CHECK (submitted_at < {int(time.time() * 1000)}) NOT VALID")
    number = raise_some(1, "--no-wait")[0]
    opened = 'whistle_dead_letters_open{service="dispatch"}'
    runner.until(lambda: value("dispatch", opened) == 1)  # a P1 also comes by p1, which leaves it to intake
    assert value("dispatch", 'whistle_parked_objects{service="dispatch"}') == 1
    runner.until(lambda: fires() == {"DeadLetters"}, every=0.3)
    letters = cluster.whistle("OPERATOR", "dead-letters", "list")
    assert [one["sqlstate"] for one in letters] == ["23514"], letters
    letter = str(letters[0]["id"])
    assert cluster.whistle("OPERATOR", "dead-letters", "show", letter) == letters
    cluster.whistle("OPERATOR", "dead-letters", "retry", letter, expect=1)  # the cause is still there
    assert value("dispatch", opened) == 1
    cluster.sql("ALTER TABLE dispatch.whistle DROP CONSTRAINT sick")
    cluster.whistle("OPERATOR", "dead-letters", "retry", letter)
    assert cluster.whistle("OPERATOR", "dead-letters", "list") == []
    runner.until(lambda: value("dispatch", opened) == 0 and fires() == set(), every=0.3)
    assert cluster.whistle(STREET, "show", number)[0]["state"] == "DISPATCHED"
    cluster.whistle("OPERATOR", "dead-letters", "retry", letter, expect=1)  # nothing there any more


def test_a_notice_sender_that_is_gone_is_seen():
    connected = 'whistle_follower_connected{service="dispatch",feed="notices",follower="NOTIFIER"}'
    cluster.processes["notify"].kill()
    runner.until(lambda: value("dispatch", connected) == 0, seconds=15)
    assert "NoticeSenderGone" in fires()
    cluster.start_notify()
    runner.until(lambda: value("dispatch", connected) == 1)


def test_a_key_that_nobody_registered_is_seen():
    refused = 'whistle_handshakes_refused_total{service="intake"}'
    before = value("intake", refused)
    cluster.sh([cluster.bin("whistle"), "key", "new", "STRANGER", "--role", "street", "--out",
                cluster.dir + "/keys/STRANGER.key", "--keyring", cluster.dir + "/not-the-keyring"])
    cluster.whistle("STRANGER", "list", "--timeout", "1", expect=3)
    runner.until(lambda: value("intake", refused) + value("dispatch", refused.replace(
        "intake", "dispatch")) > before)


if __name__ == "__main__":
    cluster = Cluster(env={}, gateway=True)
    cluster.extra_env["WHISTLE_DATA_DIR"] = cluster.dir + "/pg"
    with cluster:
        cluster.start_notify()
        raise_some(3)
        code = runner.main(globals())
    sys.exit(code)
