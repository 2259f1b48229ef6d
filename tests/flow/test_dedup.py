#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""dedup over its door, its journal and its tables: three bands with their reasons, holds and how they end,
joins and splits by their rules, words of danger, hostile texts, the same after kills, and its state as the
fold of its own journal with every verdict taken once more."""
import json
import os
import random
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import runner  # noqa: E402
from cluster import Cluster  # noqa: E402

STREET, OTHER, COMMUNITY = "990101003", "990101002", "990101003002"
PLACE = {"unit": COMMUNITY, "address": "工人新村7栋", "lat": 39.0975, "lon": 115.9012}
HOLD_S = 600
WORDS = ("垃圾堆成山", "路灯不亮", "井盖松动", "树枝折断", "护栏倒伏", "共享单车堆放", "广告牌摇晃", "渣土遗撒", "流浪犬聚集",
         "油烟扰民", "水管滴漏", "围挡破损", "乱贴广告")
cluster = None
place = 0


def fresh_place():
    """Somewhere else: 1.5 km north of the last one, with a road of its own."""
    global place
    place += 1
    road = "".join(chr(0x4E00 + (place * 7919 + i * 104729) % 20000) for i in range(4))
    return road, {"unit": COMMUNITY, "address": f"{road}路{place}号", "lat": 39.0 + 0.0135 * place,
                  "lon": 115.9}


def blow(title, text="", who=STREET, where=PLACE, category="RUBBISH", **fields):
    fields = {"unit": who, "category": category, "title": title, "text": text, "place": where, **fields}
    return cluster.whistle(who, "raise", "--no-wait", "--file", "-",
                           stdin=json.dumps(fields, ensure_ascii=False) + "\n")[0]["number"]


def events():
    return cluster.whistle("AUDITOR", "follow", "--feed", "dedup", "--once")


def object_of(number):
    day, n = number.split("-")[1:]
    return int(day) * 10**7 + int(n)


def kinds(number):
    """What dedup said of a whistle, in order."""
    names = {"2": "forwarded", "3": "cleared", "4": "held", "5": "merged", "6": "split", "7": "recurs",
             "8": "moved"}
    return [names[r[0]] for r in cluster.sql(
        f"SELECT kind FROM dedup.journal WHERE object = {object_of(number)} ORDER BY seq")]


def until(what, seconds=10):
    deadline = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < deadline, value
        time.sleep(0.02)
    return value


def judged(number):
    return until(lambda: kinds(number))


def twins(priority="P3", **fields):
    """Two reports of one thing: the words are the same, and the place."""
    road, where = fresh_place()
    what = WORDS[place % len(WORDS)]
    title, text = f"{road}路口{what}", f"{road}路口{what}已经三天没有人处理,影响出行,请尽快派人到场"
    first = blow(title, text, where=where, priority=priority, **fields)
    judged(first)
    return first, lambda more="": blow(title, text + more, where=where, priority=priority, **fields)


def doubtful(priority="P3", more=""):
    """A whistle and one that is perhaps the same: all but the house's number."""
    road, where = fresh_place()

    def at_house(n, more=""):
        what = f"{road}小区{n}号楼楼道堆满垃圾"
        return blow(what, what + ",气味很重,请清理" + more, where=where, priority=priority, reason="险情")

    first = at_house(3)
    judged(first)
    return first, at_house(7, more)


def say(*words, who=STREET, expect=0):
    return cluster.whistle(who, *words, expect=expect)[0]


def rule(*words, who=STREET):
    return say(*words, who=who, expect=1)["error"]["rule"]


def matter(number):
    return say("matter", number)


def doubts(who=STREET):
    return [d["number"] for d in say("doubts", "--limit", "200", who=who).get("doubts", [])]


def test_three_bands():
    first, again = twins()
    second = again()
    assert judged(second) == ["merged"]
    why = matter(first)["members"][1]["why"]
    assert why["band"] == "SAME" and why["rule"] == "SCORE" and why["probability"] > 0.5, why
    assert why["distance_m"] == 0 and why["shared"] and why["model"] >= 1, why
    assert matter(second)["number"] == first and matter(first)["supporters"] == 1
    one, other = doubtful()
    assert judged(one) == ["cleared"] and judged(other) == ["held"]
    assert other in doubts() and other in doubts("DISTRICT") and other not in doubts(OTHER)
    listed = say("doubts", "--limit", "200")["doubts"]
    like = next(d for d in listed if d["number"] == other)["perhaps"][0]
    assert like["number"] == one and like["rule"] == "NUMBER" and like["shared"], like
    assert say("doubts", "--unit", STREET, who=OTHER, expect=1)["error"]["rule"] == "scope.foreign"


def test_p1_never_waits():
    one, other = doubtful("P1")
    assert judged(other) == ["cleared"] and other in doubts()
    road, where = fresh_place()
    blow(f"{road}路口积水半米深", "车辆无法通行,请抽排", where=where, priority="P3")
    urgent = blow(f"{road}路口积水半米深", "车辆无法通行,请抽排", where=where, priority="P1", reason="水位上涨")
    assert judged(urgent) == ["cleared"], "a P1 was put into a matter of lower priority"
    listed = say("doubts", "--limit", "200")["doubts"]
    perhaps = next(d for d in listed if d["number"] == urgent)["perhaps"]
    assert perhaps[0]["rule"] == "PRIORITY", perhaps


def test_ends_of_a_hold():
    _, separated = doubtful()
    judged(separated)
    say("split", separated, "--reason", "另一栋楼")
    assert kinds(separated) == ["held", "cleared"] and separated not in doubts()
    assert matter(separated)["apart"], "what a person separated is remembered"
    into, joined = doubtful()
    judged(joined)
    say("join", joined, into)
    assert kinds(joined) == ["held", "merged"] and matter(into)["supporters"] == 1
    _, urgent = doubtful()
    judged(urgent)
    say("priority", urgent, "--priority", "P1", "--reason", "有人受伤")
    until(lambda: kinds(urgent) == ["held", "forwarded", "cleared"])
    _, waiting = doubtful()
    judged(waiting)
    cluster.processes["dedup"].stop()
    # The hold was journaled with its end: another setting does not move it, its timer comes back.
    cluster.start_service("dedup", WHISTLE_HOLD_S="1")
    assert kinds(waiting) == ["held"] and waiting in doubts()
    _, short = doubtful()
    until(lambda: kinds(short) == ["held", "cleared"])
    assert short in doubts(), "it went out undecided"
    cluster.processes["dedup"].stop()
    cluster.start_service("dedup")


def handled(number):
    """Every department reports, the street confirms: resolved."""
    show = until(lambda: next((w for w in cluster.whistle(STREET, "show", number, expect=None)
                               if w.get("tasks")), None))
    for task in show["tasks"]:
        cluster.whistle(task["department"], "check-in", task["id"], "--note", "到场")
    handled_again(number)


def moved(number):
    """The state that dispatch told last."""
    return cluster.sql(f"SELECT moved FROM dedup.report WHERE id = {object_of(number)}")[0][0]


def test_after_a_matter_was_resolved():
    first, again = twins()
    handled(first)
    reopens = again()
    assert judged(reopens) == ["held"], "a resolved matter takes nobody in by itself"
    like = said(reopens, "held")["perhaps"][0]
    assert like["rule"] == "RESOLVED" and like["resolved_at"], like
    assert like["offer"] == ["REOPEN", "NEW", "RECURRING"], like
    assert rule("join", reopens, first) == "dedup.resolved"
    assert say("join", reopens, first, "--how", "REOPEN")["state"] == "MERGED"
    until(lambda: moved(first) == "8")
    assert judged(again()) == ["merged"], "it is open again"
    handled_again(first)
    fresh = again()
    assert judged(fresh) == ["held"]
    say("split", fresh, "--reason", "新的一件")
    assert kinds(fresh) == ["held", "cleared"]
    assert judged(again()) == ["merged"], "the new one is open"


def test_what_came_back():
    first, again = twins()
    handled(first)
    recurs = again()
    judged(recurs)
    assert say("join", recurs, first, "--how", "RECURRING")["state"] == "RECURS"
    assert kinds(recurs) == ["held", "recurs", "cleared"]
    assert say("join", recurs, first, "--how", "RECURRING")["state"] == "RECURS"
    assert kinds(recurs) == ["held", "recurs", "cleared"], "once is enough"
    later = again()
    assert judged(later) == ["merged"] and matter(later)["number"] == recurs


def handled_again(number):
    show = cluster.whistle(STREET, "show", number)[0]
    for task in show["tasks"]:
        if task["state"] not in ("CONFIRMED", "CANCELLED"):
            cluster.whistle(task["department"], "report", task["id"], "--outcome", "SOLVED", "--text", "已处理")
    say("confirm", number, "--verdict", "SOLVED")
    until(lambda: moved(number) == "11")


def test_withdrawn_while_it_waits():
    _, held = doubtful()
    judged(held)
    until(lambda: say("show", held, expect=None).get("state") == "HELD")
    cluster.whistle(STREET, "withdraw", held, "--reason", "误报")
    until(lambda: kinds(held) == ["held", "moved"])
    assert held not in doubts() and moved(held) == "13"


def test_rules_of_joins_and_splits():
    first, again = twins()
    second = again()
    judged(second)
    third, _ = twins()
    assert rule("join", second, third) == "dedup.joined"
    assert rule("join", first, second) == "dedup.cycle"
    assert rule("join", first, first) == "dedup.cycle"
    assert rule("join", third, "AL-20261123-9999") == "not_found"
    assert rule("join", "AL-20261123-9999", third) == "not_found"
    assert rule("join", third, "XX-20261123-0001") == "not_found"
    assert rule("join", third, first, who=OTHER) == "dedup.not_allowed"
    assert rule("split", second, who=OTHER) == "dedup.not_allowed"
    assert rule("split", third) == "dedup.not_joined"
    assert rule("join", third, first, "--how", "REOPEN") == "dedup.not_resolved"
    drill, _ = twins(drill=True)
    assert rule("join", drill, first) == "dedup.drill"
    before = cluster.sql("SELECT max(seq) FROM dedup.journal")
    assert say("join", second, first)["state"] == "MERGED"
    assert cluster.sql("SELECT max(seq) FROM dedup.journal") == before, "a second join had an effect"
    assert say("split", second, "--reason", "不是一处")["state"] == "SEPARATED"
    after = cluster.sql("SELECT max(seq) FROM dedup.journal")
    assert say("split", second)["state"] == "SEPARATED"
    assert cluster.sql("SELECT max(seq) FROM dedup.journal") == after, "a second split had an effect"
    assert rule("join", second, first) == "dedup.apart"
    assert say("join", second, first, "--reason", "核实确为同一处", who="DISTRICT")["state"] == "MERGED"
    past = matter(first)["past"]
    assert [m["number"] for m in past] == [second] and past[0]["parted_at"], past
    say("split", second)
    kept = matter(first)
    assert kept.get("supporters", 0) == 0 and second in kept["apart"] and len(kept["past"]) == 2, kept


def test_a_join_raises_and_its_split_lowers():
    low, _ = twins("P3")
    high, _ = twins("P1", reason="险情")
    say("join", high, low)
    get = lambda: cluster.sql(f"SELECT priority FROM dedup.report WHERE id = {object_of(low)}")  # noqa: E731
    assert get() == [["1"]] and matter(low)["members"][1]["raised_from"] == "P3"
    say("split", high)
    assert get() == [["3"]] and matter(low)["past"][0]["raised_from"] == "P3"
    say("join", high, low, "--reason", "再核实")
    say("priority", low, "--priority", "P2", "--reason", "已控制")
    until(lambda: get() == [["2"]])
    say("split", high)
    assert get() == [["2"]], "a person's word was taken back by a split"
    first, again = twins()
    second = again()
    assert judged(second) == ["merged"]
    say("priority", second, "--priority", "P2", "--reason", "影响出行")
    until(lambda: cluster.sql(f"SELECT priority FROM dedup.report WHERE id = {object_of(first)}") == [["2"]])


def test_words_of_danger():
    first, again = twins("P2")
    calm = again()
    hidden = again(",车里有人被\u200b困")  # an invisible character stands between
    repeated = again(",仍有人被困")
    for number in (calm, hidden, repeated):
        judged(number)
    assert said(calm, "merged").get("danger", []) == []
    assert said(hidden, "merged")["danger"] == ["被困"]
    assert said(repeated, "merged").get("danger", []) == [], "the matter knew the word"
    assert said(first, "cleared")["why"] == "SCORE"
    _, urgent = doubtful("P3", "有人被困")
    assert judged(urgent) == ["cleared"] and urgent in doubts(), "a word of danger waited"
    _, waiting = doubtful()
    judged(waiting)
    say("add", waiting, "--text", "有人昏迷")
    until(lambda: kinds(waiting) == ["held", "forwarded", "cleared"])
    say("add", calm, "--text", "有人昏迷")
    until(lambda: kinds(calm) == ["merged", "forwarded"])
    more = said(calm, "forwarded")
    assert more["danger"] == ["昏迷"] and more["matter"] == first, more


def said(number, kind):
    """The last event of this kind about a whistle."""
    return [e["event"][kind] for e in events() if e.get("number") == number and kind in e["event"]][-1]


HOSTILE = [
    "", " ", "\u200b\u200e\u202e\u2066", "😀👨‍👩‍👧‍👦🏳️‍🌈" * 20, "ﷺ" * 500, "أين الماء؟ مقطوع منذ الصباح",
    "漏水" * 5000,
    "a" * 10000, "\u0301" * 300, "①②③号楼㈠单元", "𠮷野家門口積水", "'; DROP TABLE report; --", "%s%n%d",
    "\ufffd\ufeff",
    "Ελληνικά кириллица हिन्दी ไทย", "1" * 3000, "\n\t\n",
]


def test_hostile_texts_and_places():
    first, _ = twins()
    for text in HOSTILE:
        found = cluster.whistle(STREET, "preview", "--file", "-", stdin=json.dumps(
            {"unit": STREET, "category": "RUBBISH", "title": text[:100], "text": text}), expect=None)
        assert found and ("band" in found[0] or "error" in found[0]), (text, found)
    pick, numbers = random.Random(3), []
    for i, text in enumerate(HOSTILE):
        seen = "".join(c for c in text if c.isprintable() and c not in "\u202e\u2066\u200e")
        title = seen[:100].strip() or f"标题{i}"
        where = pick.choice([{"unit": COMMUNITY}, {"unit": COMMUNITY, "address": title[:60]}])
        numbers.append(blow(title, text[:5000], where=where))
    for number in numbers:
        judged(number)
    # What intake itself would never let through is no fault of the matcher either.
    for lat, lon in ((91.0, 0.0), (1e300, -1e300), (-0.0, 180.0), (5e-324, 0.0)):
        place = {"unit": COMMUNITY, "lat": lat, "lon": lon}
        say_ = cluster.whistle(STREET, "preview", "--file", "-", stdin=json.dumps(
            {"unit": STREET, "category": "RUBBISH", "title": "垃圾", "place": place}), expect=None)
        assert say_, (lat, lon)
    assert cluster.processes["dedup"].alive() and matter(first)["number"] == first


def tables():
    return cluster.sql("SELECT * FROM dedup.report ORDER BY id") + cluster.sql(
        "SELECT * FROM dedup.membership ORDER BY child, seq") + cluster.sql(
        "SELECT * FROM dedup.apart ORDER BY a, b")


def act(pick, numbers):
    one, other = pick.choice(numbers), pick.choice(numbers)
    cluster.whistle(pick.choice([STREET, OTHER, "DISTRICT"]), *pick.choice([
        ("join", one, other), ("join", one, other, "--reason", "再核"), ("split", one), ("split", one),
        ("join", one, other, "--how", "RECURRING"),
    ]), expect=None)
    cluster.whistle(STREET, *pick.choice([
        ("priority", one, "--priority", pick.choice(["P1", "P2", "P3"]), "--reason", "变化"),
        ("add", one, "--text", pick.choice(["又有两处", "有人触电", "着火了"])),
    ]), expect=None)


def test_the_same_after_kills():
    pick = random.Random(5)
    numbers = []
    for i in range(3):
        first, again = twins(pick.choice(["P2", "P3"]))
        numbers += [first, again(), again(",补充" + str(i)), *doubtful()]
    for _ in range(4):
        for _ in range(6):
            act(pick, numbers)
        until(lambda: cluster.sql("SELECT max(seq) FROM intake.journal") ==
              cluster.sql("SELECT seq FROM dedup.cursor WHERE feed = 'intake'"))
        rows, shown = tables(), [matter(n) for n in numbers]
        asked = doubts("DISTRICT")
        cluster.processes["dedup"].kill()
        cluster.start_service("dedup")
        assert tables() == rows
        assert [matter(n) for n in numbers] == shown and doubts("DISTRICT") == asked


def test_killed_while_whistles_come():
    before = int(cluster.sql("SELECT count(*) FROM dedup.report")[0][0])
    lines = "".join(json.dumps({"unit": STREET, "category": "RUBBISH", "title": f"第{i}处堆物{i * 37 % 101}",
                                "text": "请清理", "place": {"unit": COMMUNITY}}) + "\n" for i in range(400))
    raising = cluster.whistle(STREET, "raise", "--no-wait", "--file", "-", stdin=lines)
    assert len(raising) == 400
    for _ in range(3):
        cluster.processes["dedup"].kill()
        cluster.start_service("dedup")
        time.sleep(0.05)
    count = "SELECT count(*) FROM dedup.report WHERE stage > 0"
    until(lambda: int(cluster.sql(count)[0][0]) >= before + 400, 30)
    twice = cluster.sql("SELECT object FROM dedup.journal WHERE kind IN (3, 4, 5) GROUP BY object, kind "
                        "HAVING count(*) > 1 AND kind = 4")
    assert twice == [], twice


def test_the_tables_are_the_fold_of_the_journal():
    """And every verdict is the same once more."""
    done = json.loads(cluster.sh([cluster.bin("peer_matter"), cluster.conninfo("whistle"), str(HOLD_S),
                                  "5,20"]))
    assert done["faults"] == 0 and done["judged"] > 400 and done["apart"] > 3, done
    assert cluster.whistle("AUDITOR", "history", "--verify")


def test_verdicts_wait_while_dispatch_is_behind():
    """But those on P1, which have a way of their own."""
    cluster.processes["dedup"].stop()
    cluster.start_service("dedup", WHISTLE_LAG_EVENTS="100")
    until(lambda: cluster.metrics("dispatch").get(
        'whistle_followed_caught_up{service="dispatch",feed="dedup"}') == 1)
    count = lambda: int(cluster.sql("SELECT count(*) FROM dedup.journal")[0][0])  # noqa: E731
    before = count()
    raised, paused, pausing = 0, 0, 'whistle_follows_paused{service="dedup"}'
    cluster.processes["dispatch"].send(signal.SIGSTOP)
    try:
        while not paused and raised < 1600:  # many at once: a frozen dispatch counts for seconds only
            lines = "".join(json.dumps({"unit": STREET, "category": "RUBBISH", "title": f"{raised}片{i}号点位堆物",
                                        "place": {"unit": COMMUNITY}}) + "\n" for i in range(400))
            cluster.whistle(STREET, "raise", "--no-wait", "--file", "-", stdin=lines)
            raised += 400
            paused = cluster.metrics("dedup").get(pausing)
        until(lambda: cluster.metrics("dedup").get(pausing))  # it may still be judging what came
        road, where = fresh_place()
        assert judged(blow(f"{road}路面塌陷", where=where, category="ROAD_COLLAPSE")), "a P1 waited too"
    finally:
        cluster.processes["dispatch"].send(signal.SIGCONT)
    until(lambda: count() - before >= raised + 1, 30)
    cluster.processes["dedup"].stop()
    cluster.start_service("dedup")


def test_cold_matters_leave_memory():
    """And are there again when somebody speaks of them."""
    first, again = twins(drill=True)  # compared with drills alone
    second = again()
    assert judged(second) == ["merged"] and kinds(first) == ["cleared"]
    ids = f"({object_of(first)}, {object_of(second)})"
    cluster.processes["dedup"].stop()
    cluster.sql(f"UPDATE dedup.report SET at = at - 3456000000, moved = 12, open = false, "
                f"resolved_at = at - 3283200000 WHERE id IN {ids}")
    cluster.start_service("dedup")
    name = 'whistle_dedup_reports{service="dedup"}'
    every = int(cluster.sql("SELECT count(*) FROM dedup.report")[0][0])
    assert cluster.metrics("dedup")[name] == every
    until(lambda: cluster.metrics("dedup")[name] == every - 2, 20)
    cold = say("preview", second)  # by its row
    assert cold["band"] == "NEW" and cluster.metrics("dedup")[name] == every - 2, cold
    unknown = cluster.whistle("DISTRICT", "preview", "AL-20200101-0001", expect=1)[0]["error"]
    assert (unknown["status"], unknown["rule"]) == (404, "dedup.not_blown"), unknown
    assert matter(first)["supporters"] == 1
    hot = again()
    assert judged(hot) == ["cleared"], "what is that old is no candidate"
    assert [m["number"] for m in say("preview", second)["matches"]] == [hot], "the hot ones are found"
    assert say("split", second, "--reason", "查旧账")["state"] == "SEPARATED"
    assert matter(first).get("supporters", 0) == 0 and cluster.metrics("dedup")[name] == every + 1


def test_known_before():
    """An upgrade: what dispatch had already only warms the index."""
    first, again = twins()
    upto = cluster.sql("SELECT max(seq) FROM intake.journal")[0][0]
    cluster.processes["dedup"].stop()
    second = again()
    cluster.sql("SET search_path = dedup; TRUNCATE journal, report, membership, apart, district, cursor, "
                "answer; UPDATE head SET seq = 0, hash = decode(repeat('00', 32), 'hex')")
    cluster.processes["dispatch"].stop()
    cluster.start_service("dedup", WHISTLE_KNOWN_UPTO=upto)
    until(lambda: kinds(second), 30)
    assert kinds(first) == ["cleared"] and said(first, "cleared")["why"] == "UNCHECKED"
    assert kinds(second) == ["merged"] and matter(first)["supporters"] == 1
    others = cluster.sql("SELECT kind, count(*) FROM dedup.journal GROUP BY kind")
    assert {kind for kind, _ in others} <= {"1", "3", "5"}, others


def main():
    global cluster
    with Cluster(joins=True) as cluster:
        return runner.main(globals())


if __name__ == "__main__":
    sys.exit(main())
