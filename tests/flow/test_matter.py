#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One matter, many whistles: what is joined, what is only shown, what is new; what departments hear and
when; joining and separating by people, there and back; who may; what was resolved comes again; whistles
that come while dedup is away; input of any kind. Against real services, database and sockets."""
import datetime
import json
import os
import subprocess
import sys
import threading
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import runner  # noqa: E402
from cluster import DISTRICT, Cluster  # noqa: E402

with open(DISTRICT) as demo:
    DATA = json.load(demo)
FIELDS = ("unit", "category", "title", "text", "place", "source", "tags")
HUAI, WANG, LIU, JIN = "990101001", "990101002", "990101003", "990101004"  # the last one reviews first
HOLD_S = 600
cluster = None


def sample(no):
    return next(w for w in DATA["whistles"] if w["no"] == no)


def blow(fields, expect=0, words=(), **more):
    fields = {k: fields[k] for k in FIELDS if k in fields} | more
    out = cluster.whistle(fields["unit"], "raise", "--file", "-", *words, expect=expect,
                          stdin=json.dumps(fields, ensure_ascii=False) + "\n")[0]
    if out.get("state") != "SUBMITTED":
        return out
    cluster.whistle(fields["unit"], "--officer", "approver", "review", out["number"], "--approve")
    return {"tasks": []} | settled(out["number"], "DISPATCHED", "MERGED", "HELD")


def show(number, who="DISTRICT"):
    return cluster.whistle(who, "show", number)[0]


def matter(number, who="DISTRICT"):
    return cluster.whistle(who, "matter", number)[0]


def history(number, who="DISTRICT"):
    return cluster.whistle(who, "history", number)[0]["lines"]


def settled(number, *states, seconds=10):
    """The whistle once it stands so; dispatch may not know it yet."""
    return runner.until(lambda: (w := cluster.whistle("DISTRICT", "show", number, expect=None)[0])
                        .get("state") in states and w, seconds)


def error(who, *words):
    """(status, rule) of a command that is refused."""
    fault = cluster.whistle(who, *words, expect=1)[0]["error"]
    return fault["status"], fault.get("rule", "")


def millis(text):
    return round(datetime.datetime.fromisoformat(text).timestamp() * 1000)


ears = []


class Ear(threading.Thread):
    """Follows a feed from now on: rows with the moment each one came."""

    def __init__(self, who, *words):
        super().__init__(daemon=True)
        self.rows = []
        self.child = subprocess.Popen([*cluster.command(who), "follow", *words, "--json"], text=True,
                                      stdout=subprocess.PIPE)
        ears.append(self)
        self.start()
        name = f'whistle_follower_connected{{service="dispatch",feed="dispatch",follower="{who}"}}'
        runner.until(lambda: cluster.metrics("dispatch").get(name) == 1)  # now it hears

    def run(self):
        for line in self.child.stdout:
            self.rows.append((time.monotonic(), json.loads(line)))

    def of(self, kind, **wanted):
        """[(when, the event's member)] of a kind, as `follow --json` names its members."""
        found = []
        for when, row in list(self.rows):
            for body in row.get("event", {}).values():
                if row["kind"] == kind and all(body.get(k) == v for k, v in wanted.items()):
                    found.append((when, body))
        return found

    def end(self):
        self.child.terminate()
        self.child.wait()


# ---- bands ------------------------------------------------------------------------------------

first = {}  # samples raised once for all tests: no → number


def raised(no):
    if no not in first:
        first[no] = blow(sample(no))["number"]
    return first[no]


def test_the_same_is_joined_with_its_reasons():
    gas = raised(1)
    words = [w for k in ("category", "title", "text") for w in ("--" + k, sample(2)[k])]
    place = sample(2)["place"]
    words += ["--place-unit", place["unit"], "--address", place.get("address", "")]
    for axis in ("lat", "lon"):
        words += [f"--{axis}={place[axis]}"] if axis in place else []
    told = cluster.whistle(HUAI, "preview", *words)[0]
    assert told["band"] == "SAME" and told["matches"][0]["number"] == gas, told
    assert told["priority"] == "P1", told
    second = first[2] = blow(sample(2))
    assert (second["state"], second["merged_into"], second["tasks"]) == ("MERGED", gas, []), second
    assert show(gas)["supporters"] == 1 and show(gas)["joined"] == [second["number"]]
    held = matter(second["number"], HUAI)
    assert held["number"] == gas and held["supporters"] == 1, held
    why = held["members"][1]["why"]
    assert held["members"][1]["number"] == second["number"] and held["members"][1]["into"] == gas
    assert why["band"] == "SAME" and why["rule"] == "SCORE" and 0.5 < why["probability"] <= 1, why
    assert why["model"] >= 1 and why["shared"] and why.get("minutes", 0) == 0, why
    kinds = [line["kind"] for line in history(second["number"])]
    assert kinds == ["WhistleJoined"], kinds


def test_another_building_stays_new_and_says_what_it_is_like():
    gas = raised(1)
    near = blow(DATA["near_miss"])
    assert near["state"] == "DISPATCHED" and len(near["tasks"]) == 5, near
    assert near["perhaps"][0]["number"] == gas, near
    shown = show(near["number"], HUAI)
    like = shown["perhaps"][0]
    assert like["rule"] == "NUMBER" and like["title"] == sample(1)["title"], like
    assert {"distance_m", "shared"} <= set(like), like
    text = subprocess.run([*cluster.command(HUAI), "show", near["number"], "--lang", "en"], text=True,
                          capture_output=True).stdout
    for words in (gas, sample(1)["title"], f"whistle join {near['number']} {gas}",
                  f"whistle split {near['number']}", "shared:", "dispatched"):
        assert words in text, (words, text)
    doubts = cluster.whistle(HUAI, "doubts")[0]["doubts"]
    assert near["number"] in [d["number"] for d in doubts], doubts
    cluster.whistle(HUAI, "split", near["number"], "--reason", "7号楼是另一处")
    runner.until(lambda: near["number"] not in
                 [d["number"] for d in cluster.whistle(HUAI, "doubts")[0]["doubts"]])
    assert near["number"] in matter(gas).get("apart", [])


def test_a_storm_is_one_matter():
    bridge = raised(4)
    called = {t["department"]: t["id"] for t in show(bridge)["tasks"]}
    ear = Ear("DRAINCO", "--new")
    sender = subprocess.Popen([*cluster.command(WANG), "raise", "--file", "-", "--json", "--no-wait"],
                              text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    sent = {}
    for report in DATA["storm_reports"]:
        sender.stdin.write(json.dumps({k: report[k] for k in FIELDS if k in report}) + "\n")
        sender.stdin.flush()
        sent[json.loads(sender.stdout.readline())["number"]] = (time.monotonic(), report)
    sender.stdin.close()
    assert sender.wait(20) == 0
    for number, (_, report) in sent.items():
        whistle = settled(number, "MERGED", "DISPATCHED")
        wanted = bridge if report["expect"].startswith("JOINS_4") else None
        assert whistle.get("merged_into") == wanted, (report, whistle.get("perhaps"))
    whistle = runner.until(lambda: (w := show(bridge))["supporters"] == 20 and w)
    assert {t["department"]: t["id"] for t in whistle["tasks"]} == called
    joins = [n for n, (_, r) in sent.items() if r["expect"].startswith("JOINS_4")]
    heard = runner.until(lambda: len(h := ear.of("WhistleSupported", number=bridge)) == 20 and h)
    ear.end()
    assert sorted(body["from"] for _, body in heard) == sorted(joins)
    late = max(when - sent[body["from"]][0] for when, body in heard)
    print(f"     an addition reached the department {late * 1000:.0f} ms after the acknowledgement at most")
    assert late < 1.0, late
    assert all(body["title"] == sent[body["from"]][1]["title"] for _, body in heard)
    assert [body["supporters"] for _, body in heard] == list(range(1, 21))
    danger = [body for _, body in heard if body.get("danger")]
    assert [d["danger"] for d in danger] == [["被困"]], danger
    told = cluster.whistle("DISTRICT", "notices", bridge, "--limit", "100")[0]["notices"]
    for department in called:
        texts = [n["text_zh"] for n in told if n["receiver"] == department]
        assert sum("被困" in t for t in texts) == 1, (department, texts)
        assert len(texts) <= 4, (department, texts)  # not twenty


# ---- people decide ----------------------------------------------------------------------------

def plain(whistle):
    """What a join and its split may not change."""
    tasks = {t["id"]: {k: v for k, v in t.items() if k not in ("next", "due_resolve")}
             for t in whistle["tasks"]}
    keep = {k: v for k, v in whistle.items() if k not in ("tasks", "next", "due_resolve", "perhaps")}
    return keep | {"tasks": tasks}


def moved(number, before, after, milliseconds):
    """due_resolve of P2 to P4 moves by the time between; everything else stands."""
    for task in after["tasks"]:
        old = next(t for t in before["tasks"] if t["id"] == task["id"])
        shift = millis(task["due_resolve"]) - millis(old["due_resolve"])
        assert shift == milliseconds, (number, task["id"], shift, milliseconds)


def test_join_and_split_leave_both_as_they_were():
    parent = raised(5)  # P2
    child = blow(sample(6))["number"]  # P3
    lead, *others = [t["id"] for t in show(child)["tasks"]]
    cluster.whistle("POLICE", "--officer", "p-1", "sign", f"{child}-POLICE")
    before = show(parent), show(child)
    lines = history(parent), history(child)
    cluster.whistle(LIU, "--officer", "o-1", "join", child, parent, "--reason", "同一栋楼")
    joined = settled(child, "MERGED")
    assert joined["merged_into"] == parent
    assert {(t["state"], t["cancelled_why"]) for t in joined["tasks"]} == {("CANCELLED", "JOINED")}
    assert show(parent)["supporters"] == 1 and show(parent)["joined"] == [child]
    entry = matter(parent)["members"][1]
    assert entry["by"] == {"identity": LIU, "officer": "o-1"} and entry["reason"] == "同一栋楼", entry
    time.sleep(0.3)  # some time between
    cluster.whistle(LIU, "--officer", "o-1", "split", child, "--reason", "不是一回事")
    runner.until(lambda: show(child)["state"] == before[1]["state"])
    after = show(parent), show(child)
    for was, now in zip(before, after):
        assert plain(now) == plain(was), (plain(was), plain(now))
    more = history(parent), history(child)
    assert more[0][:len(lines[0])] == lines[0] and more[1][:len(lines[1])] == lines[1]
    kinds = [[line["kind"] for line in new[len(old):] if not line["kind"].startswith("Notice")]
             for new, old in zip(more, lines)]
    assert kinds == [["WhistleSupported", "SupportLost"], ["WhistleJoined", "WhistleParted"]], kinds
    ends = [line["at"] for line in more[1] if line["kind"] in ("WhistleJoined", "WhistleParted")]
    moved(child, before[1], after[1], ends[1] - ends[0])
    moved(parent, before[0], after[0], 0)
    held = matter(parent)
    assert held.get("supporters", 0) == 0 and held["apart"] == [child], held
    past = held["past"][0]
    assert (past["number"], past["into"]) == (child, parent) and past["parted_at"] > past["joined_at"]


def test_who_has_checked_in_stays_in_support():
    parent, child = raised(8), blow(sample(3))["number"]  # P2, P1
    cluster.whistle("TAPCO", "--officer", "t-1", "check-in", f"{child}-TAPCO")
    before = show(child)
    cluster.whistle("DISTRICT", "join", child, parent)
    joined = settled(child, "MERGED")
    states = {t["department"]: t["state"] for t in joined["tasks"]}
    assert states.pop("TAPCO") == "CHECKED_IN" and set(states.values()) == {"CANCELLED"}, states
    linked = show(parent)["linked"]
    assert [t["id"] for t in linked] == [f"{child}-TAPCO"], linked
    assert show(parent)["priority"] == "P1"  # it takes the more urgent of the two
    open_now = [t["id"] for t in cluster.whistle("TAPCO", "tasks")[0]["tasks"]]
    assert f"{child}-TAPCO" in open_now
    cluster.whistle("TAPCO", "report", f"{child}-TAPCO", "--outcome", "PROGRESS", "--text", "已关阀")
    cluster.whistle("DISTRICT", "split", child)
    runner.until(lambda: show(child)["state"] == before["state"])
    after = show(child)
    moved(child, before, after, 0)  # P1 never pauses
    for task in before["tasks"]:
        now = next(t for t in after["tasks"] if t["id"] == task["id"])
        assert now["state"] == ("HANDLING" if task["department"] == "TAPCO" else task["state"]), now
    assert show(parent).get("linked", []) == [] and show(parent)["priority"] == "P2"


def test_a_doubt_is_decided_also_when_its_likeness_has_joined_it():
    place = {"unit": "990101001002", "lat": 39.2, "lon": 115.7}
    gas = {"unit": HUAI, "category": "GAS_LEAK", "text": "楼道里煤气味很重。", "place": place}
    one = blow(gas, title="南钟楼21号楼煤气味很重")["number"]
    two = blow(gas, title="南钟楼25号楼煤气味很重")
    assert two["state"] == "DISPATCHED" and two["perhaps"][0]["number"] == one, two
    cluster.whistle(HUAI, "join", one, two["number"])
    settled(one, "MERGED")
    cluster.whistle(HUAI, "split", two["number"])  # is no duplicate; its own supporter stays
    assert show(two["number"])["supporters"] == 1 and matter(one)["number"] == two["number"]


def test_never_join_these_two_is_remembered():
    vendors = raised(7)
    again = blow(sample(7), title="灯市口小学西门口又有流动摊贩占道")
    number = again["number"]
    if again["state"] != "MERGED":
        cluster.whistle(JIN, "join", number, vendors)
        settled(number, "MERGED")
    cluster.whistle(JIN, "split", number, "--reason", "另一家")
    settled(number, "DISPATCHED")
    told = cluster.whistle(JIN, "preview", number)[0]
    like = [m for m in told["matches"] if m["number"] == vendors]
    assert all(m["band"] == "NEW" and m["rule"] == "APART" for m in like), like
    assert error(JIN, "join", number, vendors) == (409, "dedup.apart")
    assert number in matter(vendors)["apart"] and vendors in matter(number)["apart"]
    cluster.whistle(JIN, "join", number, vendors, "--reason", "核实后是同一处")  # said, so it is done
    assert settled(number, "MERGED")["merged_into"] == vendors


def test_a_join_that_makes_no_sense_is_refused():
    a, b = raised(9), raised(11)
    assert error("DISTRICT", "join", a, a) == (409, "dedup.cycle")
    assert error("DISTRICT", "join", a, "AL-20200101-0001")[0] == 404
    assert error("DISTRICT", "join", "AL-20200101-0001", a)[0] == 404
    assert error("DISTRICT", "split", a) == (409, "dedup.not_joined")
    assert error("DISTRICT", "join", a, b, "--how", "REOPEN") == (409, "dedup.not_resolved")
    assert error("DISTRICT", "join", a, "nonsense")[0] == 400
    cluster.whistle("DISTRICT", "join", a, b, "--how", "sideways", expect=1)
    cluster.whistle("DISTRICT", "join", a, expect=2)
    drill = blow(sample(9), title="演练:加装电梯", drill=True)
    assert error("DISTRICT", "join", drill["number"], a) == (409, "dedup.drill")


def test_repeats_have_one_effect():
    parent, child = raised(10), blow(sample(10), title="锦桥花园6号楼缺口罩", category="SUPPLY_GAP",
                                    text="楼里有12户没有口罩了。")["number"]
    one = str(uuid.UUID(int=(int(time.time() * 1000) << 80) | (7 << 76) | (2 << 62) | 1))
    words = ["join", child, parent, "--request-id", one]
    if show(child)["state"] == "MERGED":
        return
    answers = [cluster.whistle("DISTRICT", *words)[0] for _ in range(3)]
    assert len({(a["seq"], a["at"]) for a in answers}) == 1, answers
    settled(child, "MERGED")
    cluster.whistle("DISTRICT", "join", child, parent)  # another request: it is so already
    assert error("DISTRICT", "join", parent, child) == (409, "dedup.cycle")
    assert error("DISTRICT", "join", child, raised(9)) == (409, "dedup.joined")
    fault = cluster.whistle("DISTRICT", "join", child, raised(9), "--request-id", one, expect=1)[0]
    assert fault["error"]["status"] == 422, fault
    assert matter(parent)["supporters"] == 1
    assert [line["kind"] for line in history(child)].count("WhistleJoined") == 1


def test_who_may():
    parent, child = raised(1), first[2]["number"]
    for who in (WANG, "GASCO", "990101002001", "LEADER", "AUDITOR"):
        assert error(who, "split", child)[0] == 403, who
        assert error(who, "join", child, raised(4))[0] == 403, who
    for who in (WANG, "WATER"):
        assert error(who, "matter", parent)[0] == 403, who
    assert cluster.whistle("AUDITOR", "matter", parent)[0]["number"] == parent
    assert error(WANG, "doubts", "--unit", HUAI)[0] == 403
    assert error("OPERATOR", "join", child, parent)[0] == 403
    assert show(child)["state"] == "MERGED"


# ---- what waits -------------------------------------------------------------------------------

def doubtful(n):
    """Two whistles below P1 that look the same but for a number: (of its own, held)."""
    what = {"unit": LIU, "category": "GROUP_RENT", "text": "打隔断住了十几个人,夜间扰民,燃气软管老化。"}
    place = {"unit": "990101003003", "lat": 39.1 + n / 50, "lon": 115.95}
    one = blow(what, title=f"柳营{n}村12号楼疑似群租", place=place | {"address": f"柳营{n}村12号楼"})
    two = blow(what, title=f"柳营{n}村14号楼疑似群租", place=place | {"address": f"柳营{n}村14号楼"})
    assert one["state"] == "DISPATCHED", one
    assert two["state"] == "HELD" and two["tasks"] == [], two
    return one["number"], two["number"]


def test_a_doubtful_one_waits_ten_minutes_at_most():
    one, two = doubtful(2)
    whistle = show(two)
    doubt = next(d for d in cluster.whistle(LIU, "doubts")[0]["doubts"] if d["number"] == two)
    assert doubt["until_at"] == whistle["held_until_at"] and doubt["perhaps"][0]["number"] == one
    span = millis(doubt["until_at"]) - millis(doubt["blown_at"])
    assert HOLD_S * 1000 <= span <= HOLD_S * 1000 + 2000, span
    text = subprocess.run([*cluster.command(LIU), "doubts", "--lang", "en"], text=True,
                          capture_output=True).stdout
    assert two in text and " s " in text and one in text, text
    assert two not in str(cluster.whistle(WANG, "doubts"))
    cluster.whistle(LIU, "split", two)  # no duplicate: out at once
    whistle = settled(two, "DISPATCHED")
    assert len(whistle["tasks"]) == 4
    three = doubtful(3)[1]
    assert show(three)["state"] == "HELD"
    cluster.whistle(LIU, "join", three, show(three)["perhaps"][0]["number"])
    assert settled(three, "MERGED").get("tasks", []) == []
    four = doubtful(4)[1]
    cluster.whistle(LIU, "priority", four, "P1", "--reason", "有人晕倒")
    assert len(settled(four, "DISPATCHED")["tasks"]) == 4  # a P1 never waits


def test_nobody_decides_and_it_goes_out():
    restart("dedup", WHISTLE_HOLD_S="2")
    try:
        began = time.monotonic()
        _, two = doubtful(5)
        whistle = settled(two, "DISPATCHED", seconds=12)
        assert 1.5 < time.monotonic() - began < 12
        assert len(whistle["tasks"]) == 4 and whistle["perhaps"], whistle
    finally:
        restart("dedup")


def restart(service, **env):
    cluster.processes[service].stop()
    cluster.start_service(service, **env)


# ---- ends -------------------------------------------------------------------------------------

def solve(number, street):
    for task in show(number)["tasks"]:
        if task["state"] != "CANCELLED":
            cluster.whistle(task["department"], "check-in", task["id"])
            cluster.whistle(task["department"], "report", task["id"], "--outcome", "SOLVED", "--text", "好")
    cluster.whistle(street, "confirm", number, "--verdict", "SOLVED")
    return settled(number, "RESOLVED")


def lamp(n, **more):
    return {"unit": LIU, "category": "STREET_LIGHT", "title": f"锦绣{n}路路灯整排不亮",
            "text": "从路口到学校门口一排路灯全黑了,晚上看不见。",
            "place": {"unit": "990101003001", "address": f"锦绣{n}路", "lat": 39.2 + n / 40,
                      "lon": 115.8}} | more


def resolved(n):
    """A lamp that was mended: its number."""
    number = blow(lamp(n))["number"]
    solve(number, LIU)
    end = runner.until(lambda: matter(number).get("resolved_at"))  # dedup has heard of it
    assert end, number
    return number


def asked(n, title, wanted):
    again = blow(lamp(n, title=title))
    assert again["state"] in ("HELD", "DISPATCHED"), again
    like = show(again["number"])["perhaps"][0]
    assert (like["number"], sorted(like["offer"])) == (wanted, ["NEW", "RECURRING", "REOPEN"]), like
    assert like["resolved_at"] and like["rule"] == "RESOLVED", like
    assert sorted(show(again["number"])["offer"]) == ["NEW", "RECURRING", "REOPEN"]
    return again["number"]


def test_a_supporter_stays_when_the_matter_ends_and_reopens_it():
    one = blow(lamp(1))["number"]
    two = blow(lamp(1, title="锦绣1路一排路灯都不亮"))
    if two["state"] != "MERGED":
        cluster.whistle(LIU, "join", two["number"], one)
        settled(two["number"], "MERGED")
    solve(one, LIU)
    assert show(two["number"])["state"] == "MERGED"
    runner.until(lambda: matter(one).get("resolved_at"))
    again = asked(1, "锦绣1路整排路灯还是不亮", one)
    assert error(LIU, "join", again, one) == (409, "dedup.resolved")
    cluster.whistle(LIU, "join", again, one, "--how", "REOPEN")
    settled(again, "MERGED")
    whistle = settled(one, "ACTIVE")
    assert {t["state"] for t in whistle["tasks"]} == {"REWORK"}, whistle["tasks"]
    assert whistle["supporters"] == 2
    solve_again(one)
    assert matter(one)["supporters"] == 2


def test_what_comes_back_is_a_whistle_of_its_own():
    one = resolved(2)
    again = asked(2, "锦绣2路整排路灯又不亮了", one)
    cluster.whistle(LIU, "join", again, one, "--how", "RECURRING")
    settled(again, "DISPATCHED", "ACTIVE")
    runner.until(lambda: show(again).get("recurs_of") == one)
    assert show(one)["state"] == "RESOLVED"


def test_what_is_new_goes_out_by_itself():
    one = resolved(3)
    again = asked(3, "锦绣3路整排路灯又不亮了", one)
    cluster.whistle(LIU, "split", again)
    assert settled(again, "DISPATCHED")["tasks"]
    assert again in matter(one)["apart"]


def solve_again(number):
    for task in show(number)["tasks"]:
        cluster.whistle(task["department"], "report", task["id"], "--outcome", "SOLVED", "--text", "修好")
    cluster.whistle(LIU, "confirm", number, "--verdict", "SOLVED")
    settled(number, "RESOLVED")
    time.sleep(0.3)


# ---- away and back ----------------------------------------------------------------------------

def test_a_withdrawal_may_come_first():
    cluster.processes["dedup"].stop()
    try:
        mine = blow(lamp(5), words=["--no-wait"])["number"]
        other = blow(lamp(6), words=["--no-wait"])["number"]
        cluster.whistle(LIU, "withdraw", mine, "--reason", "已修好")
        cluster.whistle(HUAI, "withdraw", other, "--reason", "不是我的", expect=None)
    finally:
        cluster.start_service("dedup")
    assert settled(mine, "CANCELLED").get("tasks", []) == []
    assert settled(other, "DISPATCHED")["tasks"]


def test_a_p1_goes_out_unchecked():
    restart("dispatch", WHISTLE_UNCHECKED_S="2")
    parent = raised(4)
    cluster.processes["dedup"].stop()
    try:
        new = blow(sample(4), title="云岭村委会门前塌了", category="ROAD_COLLAPSE", text="路面塌了。",
                   place={"unit": WANG, "lat": 39.3, "lon": 116.2}, words=["--no-wait"])["number"]
        same = blow(DATA["storm_reports"][3], words=["--no-wait"])["number"]
        signed = blow(DATA["storm_reports"][7], words=["--no-wait"])["number"]
        for number in (new, same, signed):
            assert settled(number, "DISPATCHED", seconds=15)["unchecked"]
        cluster.whistle("DRAINCO", "sign", f"{signed}-DRAINCO", expect=None)
    finally:
        cluster.start_service("dedup")
    joined = settled(same, "MERGED", seconds=20)
    assert joined["merged_into"] == parent and {t["state"] for t in joined["tasks"]} == {"CANCELLED"}
    settled(signed, "MERGED", seconds=20)
    kinds = [line["kind"] for line in history(new)]
    assert kinds.count("WhistleDispatched") == 1 and show(new)["state"] == "DISPATCHED"
    texts = [n for n in cluster.whistle("DISTRICT", "notices", same, "--limit", "100")[0]["notices"]]
    assert texts
    restart("dispatch")


# ---- input of any kind ------------------------------------------------------------------------

ODD = ("ABC路12号 broken lamp", "Разбитый фонарь на улице", "ゴミが散乱しています", "가로등이 꺼졌어요",
       "الإنارة معطلة في الشارع", "路燈壞了請儘快修復", "🔥🔥🚒😱", "a\u200bb\u200cc\u200d路灯", "e\u0301\u0301\u0301路灯",
       "𠮷野家门口路灯", "\u202e灯路\u202c反向", "路" * 100, "１２号楼路灯（全角）", "\ufeff路灯")


def test_texts_of_any_script():
    for i, title in enumerate(ODD):
        place = {"unit": LIU, "lat": 38.0 + i / 4, "lon": 115.1}
        out = blow(lamp(7, title=title, text=title * 20, place=place), expect=None)
        assert out.get("number") or out["error"]["status"] == 400, out
        told = cluster.whistle(LIU, "preview", "--category", "STREET_LIGHT", "--title", title,
                               expect=None)[0]
        assert "matches" in told or told["error"]["status"] == 400, told
    for title in ("路灯不亮", "x"):
        told = cluster.whistle(LIU, "preview", "--category", "STREET_LIGHT", "--title", title, "--text",
                               "灯" * 10000, expect=None)[0]
        assert "matches" in told or told["error"]["status"] == 400, told
    for lat, lon in ((0, 0), (90, 180), (-90, -180), (39.1, 115.9), (91, 0), (0, 181), (1e300, 1e300)):
        told = cluster.whistle(LIU, "preview", "--category", "STREET_LIGHT", "--title", "路灯", f"--lat={lat}",
                               f"--lon={lon}", expect=None)[0]
        assert "matches" in told or told["error"]["status"] == 400, (lat, lon, told)
    assert cluster.ready("dedup")


def test_z_the_journals_stand():
    heads = {v["schema"]: v["good"] for v in cluster.whistle("AUDITOR", "history", "--verify")}
    assert heads == {"intake": True, "dedup": True, "dispatch": True}
    for service in ("intake", "dedup", "dispatch"):
        assert cluster.whistle("DISTRICT", "dead-letters", "--service", service) == [], service
    for feed in ("dedup", "urgent"):
        rows = cluster.whistle("AUDITOR", "follow", "--feed", feed, "--once")
        assert rows and all(row["kind"] for row in rows)


def main():
    global cluster
    with Cluster(joins=True) as cluster:
        try:
            return runner.main(globals())
        finally:
            for ear in ears:
                ear.end()


if __name__ == "__main__":
    sys.exit(main())
