#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""dispatch over its door and its tables: pages, scopes, several signatures in one action, notices and
their answers, bundles over a restart, the same state after a kill, other rules for recorded whistles."""
import json
import os
import random
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import distinct  # noqa: E402
import runner  # noqa: E402
from cluster import DISTRICT, Cluster  # noqa: E402

STREET, OTHER, COMMUNITY = "990101003", "990101002", "990101003002"
HOUR = (time.gmtime().tm_hour + 8 + 10) % 23  # work is in this one, which is not now
cluster = None


def district(folder, **changes):
    """The demo district, changed; P3 and P4 notices always wait: work is in HOUR."""
    with open(DISTRICT) as file:
        data = json.load(file)
    data["calendar"]["work_hours"] = [[f"{HOUR:02}:00", f"{HOUR:02}:59"]]
    for desk in data["desks"]:
        for contact in desk["contacts"]:
            contact["hours"] = "work" if desk["body"] == "CHENGGUAN" else "7x24"
    for key, value in changes.items():
        data[key] = value(data[key])
    path = os.path.join(folder, "district.json")
    with open(path, "w") as file:
        json.dump(data, file, ensure_ascii=False)
    return path


def blow(category="EBIKE_CHARGE", who=STREET, **fields):
    fields = {"unit": who, "category": category, "title": "工人新村7栋", "text": "请到场",
              "place": {"unit": COMMUNITY, "address": "工人新村7栋"}, **fields}
    return cluster.whistle(who, "raise", "--file", "-", stdin=json.dumps(distinct.apart(fields)) + "\n")[0]


def show(number, who="DISTRICT"):
    return cluster.whistle(who, "show", number)[0]


def task(number, department):
    return next(t for t in show(number)["tasks"] if t["department"] == department)


def pages(who, verb, key, *words):
    rows, cursor = [], None
    for _ in range(200):
        page = cluster.whistle(who, verb, *words, *(["--cursor", cursor] if cursor else []))[0]
        rows += page.get(key, [])
        cursor = page.get("cursor")
        if not cursor:
            return rows
    raise AssertionError("the pages do not end")


def refused(answer):
    return answer["error"]["status"], answer["error"]["rule"]


def test_fan_out_is_one_row_and_all_tasks():
    whistle = blow()
    assert whistle["state"] == "DISPATCHED"
    assert [t["department"] for t in whistle["tasks"]] == ["FIRE", "HOUSING", "POLICE", "POWERCO"]
    number = whistle["number"]
    kinds = [line["kind"] for line in cluster.whistle("DISTRICT", "history", number)[0]["lines"]]
    assert kinds[0] == "WhistleDispatched", kinds
    rows = cluster.sql("SELECT count(*), count(DISTINCT seq) FROM dispatch.task WHERE whistle = "
                       "(SELECT max(id) FROM dispatch.whistle)")
    assert rows == [["4", "1"]], rows


def test_pages_show_every_whistle_once():
    numbers = {blow("RUBBISH")["number"] for _ in range(7)}
    listed = [w["number"] for w in pages("DISTRICT", "list", "whistles", "--limit", "3")]
    assert len(listed) == len(set(listed)) and numbers <= set(listed)
    assert listed == sorted(listed, reverse=True)
    mine = [w["number"] for w in pages("URBAN", "list", "whistles", "--limit", "2", "--open")]
    assert set(mine) == numbers
    one = pages("DISTRICT", "list", "whistles", "--category", "RUBBISH", "--unit", COMMUNITY)
    assert {w["number"] for w in one} == numbers
    assert pages("DISTRICT", "list", "whistles", "--unit", "990101001") == []


def test_tasks_come_by_what_is_due_next():
    for _ in range(3):
        blow()
    for words in (["--open"], ["--all"]):
        tasks = pages("FIRE", "tasks", "tasks", "--limit", "2", *words)
        ids = [t["id"] for t in tasks]
        assert len(ids) == len(set(ids)) >= 4 and all(t["department"] == "FIRE" for t in tasks)
    dues = [t["due_sign"] for t in pages("FIRE", "tasks", "tasks", "--limit", "2", "--open")]
    assert dues == sorted(dues)
    every = pages("DISTRICT", "tasks", "tasks", "--limit", "3", "--all")
    assert len({t["id"] for t in every}) == len(every)
    open_now = int(cluster.sql("SELECT count(*) FROM dispatch.task WHERE open")[0][0])
    assert len(pages("DISTRICT", "tasks", "tasks", "--limit", "5", "--open")) == open_now


def test_who_may_see():
    number = blow()["number"]
    for who in (STREET, COMMUNITY, "FIRE", "POWERCO", "DISTRICT", "LEADER", "AUDITOR"):
        assert show(number, who)["number"] == number
    for who in (OTHER, "WATER", "990101003001"):
        answer = cluster.whistle(who, "show", number, expect=1)[0]
        assert refused(answer) == (403, "scope.foreign"), answer
    answer = cluster.whistle("WATER", "tasks", "--department", "FIRE", expect=1)[0]
    assert refused(answer) == (403, "scope.foreign")
    cluster.whistle("OPERATOR", "show", number, expect=1)
    assert refused(cluster.whistle(STREET, "show", "AL-20200101-0001", expect=1)[0])[0] == 404


def test_several_signatures_all_or_none():
    numbers = [blow()["number"] for _ in range(3)]
    ids = [f"{n}-FIRE" for n in numbers]
    cluster.whistle("FIRE", "sign", ids[0], f"{numbers[1]}-FIRE", "AL-20200101-0001-FIRE", expect=1)
    assert [task(n, "FIRE")["state"] in ("PENDING", "DELIVERED") for n in numbers] == [True] * 3
    cluster.whistle("FIRE", "sign", *ids)
    assert [task(n, "FIRE")["state"] for n in numbers] == ["SIGNED"] * 3
    before = int(cluster.sql("SELECT seq FROM dispatch.head")[0][0])
    cluster.whistle("FIRE", "sign", *ids)  # another request: no second effect
    assert int(cluster.sql("SELECT seq FROM dispatch.head")[0][0]) == before


def test_fields_are_named():
    number = blow()["number"]
    answer = cluster.whistle("FIRE", "refuse", f"{number}-FIRE", "--reason", "WRONG_AREA", "--basis",
                             "x" * 501, "--alternative", "POLICE", expect=None)[0]
    assert (answer["error"]["field"], answer["error"]["rule"]) == ("basis", "field.length"), answer
    answer = cluster.whistle("FIRE", "refuse", f"{number}-FIRE", "--reason", "WRONG_AREA", "--basis",
                             "第一条", "--alternative", "NOBODY", expect=None)[0]
    assert (answer["error"]["field"], answer["error"]["rule"]) == ("alternative", "field.unknown")


def notices(number):
    return cluster.whistle("DISTRICT", "notices", number)[0].get("notices", [])


def test_notices_are_sent_and_deliver():
    number = blow()["number"]
    assert {n["state"] for n in notices(number)} == {"ISSUED"}
    assert all(":" not in n["channel"] for n in notices(number))
    assert task(number, "POLICE")["state"] == "PENDING"
    cluster.start_notify()
    runner.until(lambda: {n["state"] for n in notices(number)} == {"SENT"})
    assert task(number, "POLICE")["state"] == "DELIVERED"
    cluster.processes["notify"].stop()


def test_a_followed_feed_delivers():
    number = blow()["number"]
    assert task(number, "HOUSING")["state"] == "PENDING"
    cursor = os.path.join(cluster.dir, "housing.cursor")
    cluster.whistle("HOUSING", "follow", "--once", "--cursor", cursor)
    runner.until(lambda: task(number, "HOUSING")["state"] == "DELIVERED", 5)
    assert task(number, "FIRE")["state"] == "PENDING"


def test_a_failed_notice_tries_the_next():
    number = blow()["number"]
    script = os.path.join(cluster.dir, "fail")
    with open(script, "w") as file:
        file.write("#!/bin/sh\ncase $WHISTLE_NOTICE_ID in *-0.0) exit 1;; esac\nexit 0\n")
    os.chmod(script, 0o755)
    cluster.whistle("NOTIFIER", "notify", "--exec", script, "--once", "--cursor",
                    os.path.join(cluster.dir, "cursors/fail"), expect=None)
    runner.until(lambda: any(n["state"] == "FAILED" for n in notices(number)))
    for _ in range(3):
        cluster.whistle("NOTIFIER", "notify", "--exec", script, "--once", "--cursor",
                        os.path.join(cluster.dir, "cursors/fail"), expect=None)
    states = [n["state"] for n in notices(number)]
    assert states.count("SENT") == 4 and states.count("FAILED") == 4, notices(number)


def test_bundles_wait_and_survive_a_kill():
    numbers = [blow("RUBBISH")["number"] for _ in range(4)]
    waiting = [n for n in notices(numbers[0]) if n["state"] == "WAITING"]
    assert [n["receiver"] for n in waiting] == ["CHENGGUAN"], notices(numbers[0])
    cluster.processes["dispatch"].kill()
    cluster.sql("UPDATE dispatch.waiting SET until = 1")
    cluster.start_service("dispatch")
    runner.until(lambda: all(n["state"] == "ISSUED" for n in notices(numbers[0])), 20, 0.2)
    bundle = [n for n in notices(numbers[0]) if "BUNDLE" in n["id"]]
    assert len(bundle) == 1 and cluster.sql("SELECT count(*) FROM dispatch.waiting") == [["0"]]
    assert [n["id"] for n in notices(numbers[3]) if "BUNDLE" in n["id"]] == [bundle[0]["id"]]
    cluster.start_notify()
    runner.until(lambda: {n["state"] for n in notices(numbers[2])} == {"SENT"})
    assert task(numbers[1], "CHENGGUAN")["state"] == "DELIVERED"
    cluster.processes["notify"].stop()


def raise_many(n, category="RUBBISH"):
    lines = [json.dumps(distinct.apart({"unit": STREET, "category": category, "title": "垃圾三天没清"})) + "\n"
             for _ in range(n)]
    done = cluster.whistle(STREET, "raise", "--file", "-", "--no-wait", stdin="".join(lines))
    return [a["number"] for a in done]


def bundles():
    return int(cluster.sql("SELECT count(*) FROM dispatch.bundle")[0][0])


def test_more_wait_than_a_queue_holds():
    """A full queue (256) leaves as a bundle before its hour; nothing is lost, also over a kill."""
    before, waiting = bundles(), "SELECT count(*) FROM dispatch.waiting"
    assert cluster.sql(waiting) == [["0"]]
    numbers = raise_many(600)
    runner.until(lambda: cluster.sql(waiting) == [[str(600 - 2 * 256)]], 20, 0.2)
    assert bundles() == before + 2
    cluster.processes["dispatch"].kill()
    cluster.start_service("dispatch")
    numbers += raise_many(169)
    runner.until(lambda: cluster.sql(waiting) == [["1"]], 20, 0.2)
    assert bundles() == before + 3
    assert cluster.sql("SELECT count(*) FROM dispatch.dead_letter") == [["0"]]
    dispatched = {int(r[0]) for r in cluster.sql("SELECT id FROM dispatch.whistle")}
    assert {int(n.split("-")[1] + n.split("-")[2].zfill(7)) for n in numbers} <= dispatched


def everything():
    """What the tables say, but for what time alone changes."""
    return cluster.sql("SELECT w.*, t.* FROM dispatch.whistle w LEFT JOIN dispatch.task t "
                       "ON t.whistle = w.id ORDER BY w.id, t.ord")


def act_at_random(pick, numbers):
    number = pick.choice(numbers)
    code = pick.choice(["FIRE", "HOUSING", "POLICE", "POWERCO"])
    cluster.whistle(*pick.choice([
        (code, "sign", f"{number}-{code}"),
        (code, "check-in", f"{number}-{code}"),
        (code, "report", f"{number}-{code}", "--outcome", pick.choice(["PROGRESS", "SOLVED"])),
        (code, "refuse", f"{number}-{code}", "--reason", "OVERLAP", "--basis", "三定方案",
         "--alternative", "URBAN"),
        ("DISTRICT", "rule", f"{number}-{code}", "--verdict", pick.choice(["UPHELD", "OVERRULED"]),
         "--department", "URBAN", "--basis", "审定"),
        (STREET, "confirm", number, "--verdict", pick.choice(["SOLVED", "NOT_SOLVED"])),
        (STREET, "add", number, "--department", "MARKET", "--reason", "补派"),
        (STREET, "reopen", number, "--reason", "反弹"),
        (code, "extend", f"{number}-{code}", "--until", "2026-12-20T12:00:00+08:00", "--reason", "等配件"),
        (STREET, "extend", f"{number}-{code}", pick.choice(["--approve", "--deny"]), "--reason", "知悉"),
        (code, "delegate", f"{number}-{code}", "--to", "officer-2"),
        (STREET, "rate", f"{number}-{code}", "--rating", "BASICALLY"),
        (code, "reply", f"{number}-{code}", "--text", "已加派"),
        (COMMUNITY, "opinion", number, "--rating", "UNSATISFIED"),
        (STREET, "priority", number, "--priority", pick.choice(["P1", "P2", "P3", "P4"]), "--reason",
         "情况变化"),
        (STREET, "add", number, "--text", "又添两户"),
        (code, "ledger", f"{number}-{code}", "--plan", "逐户协商", "--until", "2027-02-20T12:00:00+08:00"),
        ("DISTRICT", "ledger", f"{number}-{code}", pick.choice(["--approve", "--deny"]), "--reason", "知悉"),
    ]), expect=None)


def test_the_same_after_kills():
    pick = random.Random(11)
    numbers = [blow()["number"] for _ in range(3)]
    for _ in range(6):
        for _ in range(25):
            act_at_random(pick, numbers)
        time.sleep(0.1)  # what intake was told arrives here by its feed
        shown, rows = [show(n) for n in numbers], everything()
        cluster.processes["dispatch"].kill()
        cluster.start_service("dispatch")
        assert everything() == rows
        assert [show(n) for n in numbers] == shown
    for number in numbers:
        lines = cluster.whistle("DISTRICT", "history", number)[0]["lines"]
        last = [line["to"] for line in lines if not line.get("task") and "to" in line]
        for one in show(number)["tasks"]:
            to = [line["to"] for line in lines if line.get("task") == one["id"] and "to" in line]
            if to and one["state"] not in ("CONFIRMED", "REWORK", "CANCELLED"):
                assert to[-1] == one["state"], (one, lines)
        assert last and lines == sorted(lines, key=lambda line: line["seq"])
    rows = cluster.sql("SELECT w.id FROM dispatch.whistle w WHERE (SELECT array_agg(s ORDER BY s) FROM "
                       "unnest(w.history) s) IS DISTINCT FROM (SELECT array_agg(j.seq ORDER BY j.seq) "
                       "FROM dispatch.journal j WHERE j.object = w.id OR (j.object = 0 AND "
                       "j.seq = ANY (w.history)))")
    assert rows == [], rows
    kinds = {row[0] for row in cluster.sql("SELECT kind FROM dispatch.journal")}
    assert {"5", "6", "7", "8", "9"} <= kinds, kinds
    assert cluster.whistle("AUDITOR", "history", "--verify")


def test_the_tables_are_the_fold_of_the_journal():
    folded = json.loads(cluster.sh([cluster.bin("peer_fold"), cluster.conninfo("whistle")]))
    assert folded["faults"] == 0 and folded["whistles"] > 20, folded


def test_other_rules_for_recorded_whistles():
    def other(categories):
        for category in categories:
            if category["code"] == "EBIKE_CHARGE":
                category["lead"], category["support"] = "HOUSING", ["FIRE", "URBAN"]
        return categories

    with tempfile.TemporaryDirectory() as folder:
        same = district(folder)
        result = cluster.whistle("DISTRICT", "simulate", "--routing", same)[0]
        total = int(cluster.sql("SELECT count(*) FROM dispatch.whistle WHERE dispatched_at > 0")[0][0])
        assert result["whistles"] == total and "changed" not in result, result
        result = cluster.whistle("DISTRICT", "simulate", "--routing", district(
            folder, categories=other))[0]
    ebikes = int(cluster.sql("SELECT count(*) FROM dispatch.whistle WHERE category = 'EBIKE_CHARGE'")
                 [0][0])
    assert result["changed"] == result["leads_changed"] == ebikes, result
    line = result["lines"][0]
    assert (line["lead_before"], line["lead_after"]) == ("FIRE", "HOUSING"), line
    assert set(line["dropped"]) <= {"POLICE", "POWERCO", "MARKET"} and "URBAN" in line["added"]
    assert cluster.whistle("OPERATOR", "simulate", "--routing", DISTRICT, "--from", "2026-11-24",
                           "--to", "2026-11-23", expect=None)[0]["error"]["field"] == "to_at"


def main():
    global cluster
    with tempfile.TemporaryDirectory() as folder:
        with Cluster(district=district(folder)) as cluster:
            return runner.main(globals())


if __name__ == "__main__":
    sys.exit(main())
