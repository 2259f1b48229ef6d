#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Joined whistles as streets and departments see them: one matter with its supporters, who has checked in
goes on, additions at once and messages collected, danger at once, parted again as before; the end is heard
by all."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import distinct  # noqa: E402
import runner  # noqa: E402
from cluster import BUILD, Cluster  # noqa: E402

STREET, OTHER, FAR = "990101002", "990101003", "990101004"
GAS = ("GASCO", "FIRE", "POLICE", "URBAN", "EMERG")
COLLECT_FIRST_S, COLLECT_EVERY_S = 2, 4
cluster = None


def blow(what, who=STREET, category="GAS_LEAK", more="", **fields):
    words = [w for name, value in fields.items() for w in (f"--{name}", value)]
    return cluster.whistle(who, "raise", "--category", category, "--title", what[:16], "--text", what + more,
                           "--address", what[:6], "--no-wait", *words)[0]["number"]


def show(number, who="DISTRICT", expect=0):
    return cluster.whistle(who, "show", number, expect=expect)[0]


def state(number):
    told = cluster.whistle("DISTRICT", "show", number, expect=None)[0]
    return told.get("state")


def stands(number, *wanted):
    runner.until(lambda: state(number) in wanted)
    return number


def gas(**fields):
    """A P1 that is out, and how to raise the same once more."""
    what = distinct.words(30)
    first = stands(blow(what, **fields), "DISPATCHED")
    return first, lambda **more: blow(what, **{**fields, **more})


def joined(number):
    return stands(number, "MERGED")


def tasks(number, key="tasks"):
    return {t["id"].rsplit("-", 1)[1]: t for t in show(number).get(key, [])}


def notices(number, kind):
    told = cluster.whistle("DISTRICT", "notices", number)[0].get("notices", [])
    return [n for n in told if f"/{kind}/" in n["id"]]


def resolve(number):
    for department in GAS:
        task = f"{number}-{department}"
        cluster.whistle(department, "check-in", task)
        cluster.whistle(department, "report", task, "--outcome", "SOLVED", "--text", "已处置")
    cluster.whistle(STREET, "confirm", number, "--verdict", "SOLVED")
    stands(number, "RESOLVED")


def history(number):
    return [line["kind"] for line in cluster.whistle("DISTRICT", "history", number)[0]["lines"]]


def test_one_matter_with_its_supporters():
    first, again = gas()
    numbers = [joined(again()) for _ in range(3)]
    told = show(first)
    assert told["supporters"] == 3 and set(told["joined"]) == set(numbers), told
    assert len(told["additions"]) == 3 and told["additions"][0].startswith(numbers[0]), told["additions"]
    child = show(numbers[0])
    assert child["merged_into"] == first and "tasks" not in child and child["next"]["action"] == "NONE", child
    assert len(told["tasks"]) == len(GAS) and told.get("linked", []) == []
    listed = cluster.whistle(STREET, "list", "--open")[0]["whistles"]
    assert next(w for w in listed if w["number"] == first)["supporters"] == 3
    assert not {w["number"] for w in listed} & set(numbers), "a joined one without tasks is open"


def test_who_checked_in_goes_on_and_all_comes_back():
    (first, _), (second, _) = gas(), gas()
    cluster.whistle("FIRE", "check-in", f"{second}-FIRE")
    cluster.whistle("POLICE", "sign", f"{second}-POLICE")
    before = tasks(second)
    cluster.whistle(STREET, "join", second, first, "--reason", "同一处")
    joined(second)
    after = tasks(second)
    assert after["FIRE"]["state"] == "CHECKED_IN" and after["FIRE"]["part"] == "SUPPORT"
    assert {t["state"] for d, t in after.items() if d != "FIRE"} == {"CANCELLED"}
    assert {t["cancelled_why"] for d, t in after.items() if d != "FIRE"} == {"JOINED"}
    assert list(tasks(first, "linked")) == ["FIRE"] and show(second)["next"]["by"] == "FIRE"
    assert {n["receiver"] for n in notices(second, "JOINED")} >= {"GASCO", "POLICE"}
    refused = cluster.whistle("GASCO", "sign", f"{second}-GASCO", expect=1)[0]
    assert refused["error"]["rule"] == "task.ended", refused
    cluster.whistle(STREET, "split", second, "--reason", "不是一处")
    stands(second, "ACTIVE")
    back = tasks(second)
    keep = ("state", "part", "due_sign", "due_checkin", "due_report", "due_resolve", "signed_at")
    for department, task in before.items():
        assert {k: task.get(k) for k in keep} == {k: back[department].get(k) for k in keep}, department
    assert "supporters" not in show(first), "a count that was not taken back"
    assert [k for k in history(second) if "ined" in k or "arted" in k] == ["WhistleJoined", "WhistleParted"]
    assert cluster.whistle("GASCO", "sign", f"{second}-GASCO")[0]["state"] == "SIGNED"


def test_a_matter_brings_its_supporters_words():
    """Everything said in it reaches the other matter's departments, once, within a second; a split takes
    it back from wherever it went."""
    (first, _), (second, more) = gas(), gas()
    third = joined(more())
    cluster.whistle(STREET, "add", second, "--text", "楼道里也有气味")
    cluster.whistle(STREET, "add", third, "--text", "三层有人昏迷")
    runner.until(lambda: len(show(second).get("additions", [])) == 3)
    said = cluster.whistle("GASCO", "follow", "--once")[-1]["seq"]
    began = time.monotonic()
    cluster.whistle(STREET, "join", second, first, "--reason", "同一处")
    heard = runner.until(lambda: [e for e in cluster.whistle("GASCO", "follow", "--once")
                                  if e["seq"] > said and e["kind"] == "WhistleSupported"], 5)
    took = time.monotonic() - began
    print(f"     all words reached the department {took * 1000:.0f} ms after the join began")
    assert took < 1 and len(heard) == 1, (took, heard)
    body = heard[0]["event"]["supported"]
    assert body["number"] == first and body["from"] == second and body["reports"] == 2, body
    assert [(s["from"], s.get("text")) for s in body["along"]][1:] == [
        (second, "楼道里也有气味"), (third, "三层有人昏迷")] and body["along"][0]["from"] == third, body
    assert len(notices(first, "DANGER")) == len(GAS) and "昏迷" in notices(first, "DANGER")[0]["text_zh"]
    told = show(first)
    assert told["supporters"] == 2 and len(told["additions"]) == 4, told
    cluster.whistle(STREET, "add", third, "--text", "已疏散")  # said to both while it is in both
    runner.until(lambda: len(show(first)["additions"]) == 5)
    assert len(show(second)["additions"]) == 4
    cluster.whistle(STREET, "split", third, "--reason", "另一栋楼")
    stands(third, "DISPATCHED")
    assert not any(third in text for text in show(first)["additions"] + show(second)["additions"])
    cluster.whistle(STREET, "split", second, "--reason", "不是一处")
    stands(second, "DISPATCHED")
    assert "additions" not in show(first) and show(second)["additions"] == ["楼道里也有气味"]


def test_messages_are_collected_danger_is_not():
    first, again = gas()
    for _ in range(5):
        joined(again())
    assert notices(first, "SUPPORT") == [], "told before its time"
    runner.until(lambda: len(notices(first, "SUPPORT")) == len(GAS), COLLECT_FIRST_S + 8)
    assert "5" in notices(first, "SUPPORT")[0]["text_zh"]
    joined(again(more=",有人昏迷"))
    danger = notices(first, "DANGER")
    assert len(danger) == len(GAS) and "昏迷" in danger[0]["text_zh"], danger
    assert len(notices(first, "SUPPORT")) == len(GAS)
    assert len(notices(first, "CALL")) == len(GAS), "a department was called twice"


def test_those_behind_it_see_it_and_hear_its_end():
    first, _ = gas()
    second, _ = gas(who=OTHER)
    show(first, OTHER, expect=1)
    cluster.whistle("DISTRICT", "join", second, first, "--reason", "同一管线")
    joined(second)
    assert show(first, OTHER)["supporters"] == 1
    show(first, FAR, expect=1)
    refused = cluster.whistle(STREET, "withdraw", first, "--reason", "误报", expect=1)[0]
    assert refused["error"]["rule"] == "withdraw.supported", refused
    resolve(first)
    heard = cluster.whistle(OTHER, "follow", "--once")
    assert [e["number"] for e in heard if e["kind"] == "WhistleResolved"] == [first]
    ends = cluster.whistle("AUDITOR", "follow", "--feed", "ends", "--once")
    assert {e["kind"] for e in ends} <= {"WhistleResolved", "WhistleEnded", "WhistleWithdrawn",
                                         "WhistleReopened", "WhistleMoved"}
    assert first in [e["number"] for e in ends if e["kind"] == "WhistleResolved"]


def test_a_matter_that_ended_just_before_the_join():
    """Dedup had joined them when dispatch heard the withdrawal first: both say the same in the end, and
    what was to join goes its own way."""
    (first, _), (second, _) = gas(), gas()
    cluster.processes["dispatch"].kill()
    cluster.whistle(STREET, "join", second, first, "--reason", "同一处")
    cluster.processes["dedup"].kill()
    cluster.start_service("dispatch")
    cluster.whistle(STREET, "withdraw", first, "--reason", "误报")
    assert state(first) == "CANCELLED" and state(second) == "DISPATCHED"
    cluster.start_service("dedup")
    runner.until(lambda: cluster.whistle("DISTRICT", "matter", second)[0]["number"] == second)
    told = show(second)
    assert told["state"] == "DISPATCHED" and "merged_into" not in told, told
    assert len(tasks(second)) == len(GAS)
    assert "supporters" not in show(first)
    parted = cluster.whistle("DISTRICT", "matter", first)[0]
    assert parted["past"][0]["number"] == second and "apart" not in parted, parted
    third, _ = gas()
    cluster.whistle(STREET, "join", second, third, "--reason", "同一处")  # and may be joined again
    joined(second)


def test_resolved_ones_offer_and_are_reopened():
    first, again = gas()
    resolve(first)
    heard = "SELECT coalesce(max(seq), 0) FROM dedup.cursor WHERE feed = 'ends'"
    runner.until(lambda: cluster.sql(f"SELECT ({heard}) >= max(seq) FROM dispatch.journal "
                                     "WHERE subjects @> '{3}'") == [["t"]])
    second = stands(again(), "DISPATCHED")
    told = show(second)
    perhaps = told["perhaps"][0]
    assert perhaps["number"] == first and perhaps["state"] == "RESOLVED" and perhaps["text"], perhaps
    assert perhaps["offer"] == told["offer"] == ["REOPEN", "NEW", "RECURRING"], told
    cluster.whistle(STREET, "join", second, first, "--how", "REOPEN", "--reason", "仍在漏气")
    joined(second)
    assert state(first) == "ACTIVE" and show(first)["supporters"] == 1
    assert {t["state"] for t in show(first)["tasks"]} == {"REWORK"}
    assert show(second).get("perhaps", []) == []


def test_held_ones_wait_for_a_person():
    def at_house(n):
        what = f"{road}小区{n}号楼楼道堆满垃圾"
        return blow(what, category="RUBBISH", more=",气味很重,请清理")

    road = distinct.words(6)
    stands(at_house(3), "DISPATCHED")
    held = stands(at_house(7), "HELD")
    told = show(held)
    assert told["next"]["action"] == "DECIDE" and told["next"]["by"] == STREET and told["held_until_at"], told
    assert told["perhaps"][0]["state"] == "DISPATCHED" and told["perhaps"][0]["title"], told
    cluster.whistle(STREET, "split", held, "--reason", "两栋楼")
    stands(held, "DISPATCHED")
    assert show(held).get("perhaps", []) == []
    gone = stands(at_house(9), "HELD")
    cluster.whistle(STREET, "withdraw", gone, "--reason", "误报")
    assert state(gone) == "CANCELLED" and tasks(gone) == {}


def test_held_and_nobody_says_how_it_ends():
    """Dedup says nothing: a minute after its time it goes out unchecked (the time is turned back here)."""
    road = distinct.words(6)
    what = [f"{road}大厦{n}号楼门口堆满垃圾" for n in (2, 8)]
    stands(blow(what[0], category="RUBBISH"), "DISPATCHED")
    held = stands(blow(what[1], category="RUBBISH"), "HELD")
    cluster.processes["dispatch"].kill()
    day, n = held.split("-")[1:]
    cluster.sql("UPDATE dispatch.whistle SET held_until = held_until - 700000, "
                f"next_timer = next_timer - 700000 WHERE id = {int(day) * 10**7 + int(n)}")
    cluster.start_service("dispatch")
    runner.until(lambda: state(held) == "DISPATCHED", 20)
    told = show(held)
    assert told["unchecked"] is True and told["tasks"] and told["perhaps"], told
    cluster.whistle(STREET, "split", held, "--reason", "两栋楼")
    runner.until(lambda: "perhaps" not in show(held))
    assert len(notices(held, "CALL")) <= len(told["tasks"]) == len(show(held)["tasks"])


def test_linked_work_ends_in_its_own_whistle():
    (first, _), (second, _) = gas(), gas()
    cluster.whistle("FIRE", "check-in", f"{second}-FIRE")
    cluster.whistle(STREET, "join", second, first, "--reason", "同一处")
    joined(second)
    cluster.whistle("FIRE", "report", f"{second}-FIRE", "--outcome", "SOLVED", "--text", "已排险")
    assert show(second)["next"] == {**show(second)["next"], "action": "CONFIRM", "by": STREET}
    cluster.whistle(STREET, "confirm", second, "--verdict", "SOLVED")
    assert state(second) == "MERGED" and tasks(first, "linked")["FIRE"]["state"] == "CONFIRMED"
    refused = cluster.whistle(STREET, "add", second, "--department", "CIVIL", "--reason", "x", expect=None)[0]
    assert "error" in refused


def test_the_same_after_a_kill():
    first, again = gas()
    joined(again())
    before = show(first)
    cluster.processes["dispatch"].kill()
    cluster.start_service("dispatch")
    after = show(first)
    assert before.pop("tasks") and after.pop("tasks")
    assert before == after
    joined(again())
    assert show(first)["supporters"] == 2


def test_z_the_tables_are_the_fold_of_the_journal():
    done = cluster.sh([cluster.bin("peer_fold"), cluster.conninfo("whistle")])
    assert '"faults":0' in done, done


if __name__ == "__main__":
    with Cluster(joins=True, env={"WHISTLE_COLLECT_FIRST_S": str(COLLECT_FIRST_S),
                                  "WHISTLE_COLLECT_EVERY_S": str(COLLECT_EVERY_S)}) as cluster:
        code = runner.main(globals())
    sys.exit(code)
