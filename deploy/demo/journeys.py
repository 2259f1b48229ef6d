#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plays the demo district's sample whistles from the first call to the confirmation, the calls that
repeat one of them, and the storm of 21 calls about the flooded underpass.

Every step is the command line itself, as the street or department named; every step is checked, so
this script is the demo and a test of the main job at once. Exit 1 at the first step that is not as
the district's data say.

    journeys.py --whistle deploy/whistle --district deploy/demo/district.json [--show] [--once FILE]
                [--web URL]
"""
import argparse
import json
import os
import subprocess
import sys
import time

import residents

RAISE_FIELDS = ("unit", "category", "title", "text", "priority", "place", "tags", "answers",
                "joint_units", "needs", "reporter", "source", "asked_by")


ABOUT_REPORTS = ("CALL", "DANGER", "SUPPORT", "MORE")  # notices that a report brings


class Failed(Exception):
    pass


class Player:
    def __init__(self, whistle, show):
        self.whistle, self.show, self.steps = whistle, show, 0

    def run(self, who, *words, stdin=None, expect=0):
        """Runs one command with --json; returns the JSON lines it printed."""
        command = [*self.whistle, "--as", who, *words, "--json"]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=120)
        if done.returncode != expect:
            raise Failed(f"{' '.join(command)}\n  exit {done.returncode}, expected {expect}\n"
                         f"  {done.stdout}{done.stderr}")
        self.steps += 1
        return [json.loads(line) for line in done.stdout.splitlines() if line.strip()]

    def text(self, who, *words):
        """Shows what a person would see."""
        if self.show:
            print(f"\n$ deploy/whistle --as {who} {' '.join(words)}", flush=True)
            subprocess.run([*self.whistle, "--as", who, *words], timeout=120)

    def say(self, text):
        if self.show:
            print(text, flush=True)

    def check(self, what, got, wanted):
        self.steps += 1
        if got != wanted:
            raise Failed(f"{what}: {got!r}, expected {wanted!r}")

    def task(self, who, task_id):
        number = task_id.rsplit("-", 1)[0]
        whistle = self.run(who, "show", number)[0]
        return next(t for t in whistle["tasks"] if t["id"] == task_id)

    def state(self, who, number):
        return self.run(who, "show", number)[0]["state"]


def raise_one(play, report):
    """Raises one of the district's samples; what `raise` answers."""
    line = {k: report[k] for k in RAISE_FIELDS if k in report}
    return play.run(report["unit"], "raise", "--file", "-",
                    stdin=json.dumps(line, ensure_ascii=False) + "\n")[0]


def raise_all(play, district):
    """Raises every sample; the street reviews what waits, a duplicate joins what it repeats.
    {no: number}"""
    numbers = {}
    for sample in district["whistles"]:
        got = raise_one(play, sample)
        number = numbers[sample["no"]] = got["number"]
        if got["state"] == "SUBMITTED":
            play.say(f"  {number} {sample['title']}: 等街道审核 waits for its street's review")
            play.run(sample["unit"], "--officer", "approver", "review", number, "--approve")
            got = wait_settled(play, sample["unit"], number)
        if "duplicate_of" in sample:
            first = numbers[sample["duplicate_of"]]
            play.check(f"{number} joins", (got["state"], got.get("merged_into")), ("MERGED", first))
            play.say(f"  {number} {sample['title']}  →  并入 joined to {first}")
            continue
        called = {t["department"] for t in got["tasks"]}
        play.check(f"{number} departments", sorted(called), sorted(sample["expect_departments"]))
        lead = [t["department"] for t in got["tasks"] if t["part"] == "LEAD"]
        play.check(f"{number} lead", lead, [sample["lead"]])
        play.say(f"  {number} {sample['priority']} {sample['title']}  →  {'、'.join(sorted(called))}")
    return numbers


def wait_until(play, who, number, fine, what):
    for _ in range(100):
        whistle = play.run(who, "show", number)[0]
        if fine(whistle):
            return whistle
        time.sleep(0.1)
    raise Failed(f"{number} is not {what} within 10 s: {whistle['state']}")


def wait_settled(play, who, number):
    return wait_until(play, who, number, lambda w: w.get("tasks") or w.get("merged_into"), "dispatched")


def journey_storm(play, district, number, street):
    """Twenty calls about one underpass are one whistle; the one about another garage is not. The
    departments keep one task each, and only the danger in one call is told at once."""
    before = play.run(street, "show", number)[0]
    calls = []
    for report in district["storm_reports"]:
        got = raise_one(play, report)
        joins = report["expect"].startswith("JOINS_4")
        play.check(f"{report['title']} ({got['number']})", got.get("merged_into"), number if joins else None)
        if joins:
            calls.append(got["number"])
    after = play.run(street, "show", number)[0]
    play.check("supporters", after["supporters"], len(calls))
    play.check("one task a department", [t["id"] for t in after["tasks"]],
               [t["id"] for t in before["tasks"]])
    told = [n for n in play.run("DISTRICT", "notices", number, "--limit", "100")[0]["notices"]
            if n["id"].split("/")[1] in ABOUT_REPORTS]  # a desk that is late is reminded besides
    for task in after["tasks"]:
        texts = [n["text_zh"] for n in told if n["receiver"] == task["department"]]
        play.check(f"{task['department']} is told of the danger once", sum("被困" in t for t in texts), 1)
        play.check(f"{task['department']} is not told {len(calls)} times", len(texts) <= 4, True)
    play.say(f"  {number}: 另有 {after['supporters']} 人反映,每个部门仍是一个任务 / one task a department")
    play.text(street, "show", number)
    return calls


def journey_near(play, district, number, street):
    """Another building's gas goes out at once and says what it is like; the street may decide."""
    near = raise_one(play, district["near_miss"])
    play.check("a P1 never waits", (near["state"], len(near["tasks"])), ("DISPATCHED", 5))
    play.check("perhaps the same", near["perhaps"][0]["number"], number)
    play.text(street, "show", near["number"])
    doubts = play.run(street, "doubts")[0]["doubts"]
    play.check("the street is asked", [d["number"] for d in doubts], [near["number"]])


def journey_apart(play, number, child, street):
    """A join by mistake is undone: separated it goes out by itself, joined again its tasks end."""
    play.run(street, "--officer", "duty-1", "split", child, "--reason", "住户说是另一单元")
    went = wait_until(play, street, child, lambda w: w["state"] == "DISPATCHED", "dispatched")
    play.check("its own departments", len(went["tasks"]), 5)
    play.check("no supporter", play.run(street, "show", number)[0].get("supporters", 0), 0)
    play.check("remembered", child in play.run(street, "matter", number)[0]["apart"], True)
    play.run(street, "join", child, number, expect=1)  # it was said that they are two
    play.run(street, "--officer", "duty-1", "join", child, number, "--reason", "核实后是同一处")
    wait_until(play, street, child, lambda w: w["state"] == "MERGED", "joined")
    ends = {(t["state"], t["cancelled_why"]) for t in play.run(street, "show", child)[0]["tasks"]}
    play.check("its tasks end as joined", ends, {("CANCELLED", "JOINED")})
    play.text(street, "matter", number)


def journey_gas(play, number, street):
    """Everybody signs, checks in and reports; the street confirms."""
    departments = ["GASCO", "FIRE", "POLICE", "URBAN", "EMERG"]
    for code in departments:
        play.run(code, "--officer", f"{code.lower()}-1", "sign", f"{number}-{code}")
    play.check("active only after a check-in", play.state(street, number), "DISPATCHED")
    for code in departments:
        play.run(code, "--officer", f"{code.lower()}-1", "check-in", f"{number}-{code}")
    play.check("active", play.state(street, number), "ACTIVE")
    play.text(street, "show", number)
    play.run("GASCO", "report", f"{number}-GASCO", "--outcome", "PROGRESS", "--text",
             "已关阀,正在检测")
    play.check("handling", play.task(street, f"{number}-GASCO")["state"], "HANDLING")
    for code in departments:
        play.run(code, "report", f"{number}-{code}", "--outcome", "SOLVED", "--text", "处置完毕")
    play.check("reported", play.state(street, number), "REPORTED")
    # Only the side that raised may confirm.
    play.run("GASCO", "confirm", number, "--verdict", "SOLVED", expect=1)
    play.run(street, "--officer", "duty-1", "confirm", number, "--verdict", "SOLVED")
    play.check("resolved", play.state(street, number), "RESOLVED")
    play.run(street, "rate", f"{number}-GASCO", "--rating", "SATISFIED")
    play.check("rating", play.task(street, f"{number}-GASCO")["rating"], "SATISFIED")


def journey_boundary(play, number, street, other):
    """Two refusals with their rulings; two streets confirm together."""
    before = play.task(street, f"{number}-PLAN")
    play.run("PLAN", "refuse", f"{number}-PLAN", "--reason", "WRONG_AREA", "--basis",
             "《城乡规划法》第六十四条", "--alternative", "JUSTICE")
    during = play.task(street, f"{number}-PLAN")
    play.check("disputed", during["state"], "DISPUTED")
    play.check("a refusal moves no due time", during["due_resolve"], before["due_resolve"])
    play.run("DISTRICT", "--officer", "dispatcher-1", "rule", f"{number}-PLAN", "--verdict", "UPHELD",
             "--department", "URBAN", "--basis", "铁路桥下空地归城市管理委管护")
    play.check("refused task", play.task(street, f"{number}-PLAN")["state"], "CANCELLED")
    play.check("new owner", play.task(street, f"{number}-URBAN")["state"] in ("PENDING", "DELIVERED"),
               True)
    play.run("JUSTICE", "refuse", f"{number}-JUSTICE", "--reason", "WRONG_OWNER", "--basis",
             "部门三定方案", "--alternative", "PLAN")
    play.run("DISTRICT", "--officer", "dispatcher-1", "rule", f"{number}-JUSTICE", "--verdict",
             "OVERRULED", "--basis", "权属调解归司法行政")
    play.check("overruled", play.task(street, f"{number}-JUSTICE")["state"], "SIGNED")
    again = play.run("JUSTICE", "refuse", f"{number}-JUSTICE", "--reason", "OVERLAP", "--basis", "再次",
                     "--alternative", "PLAN", expect=1)[0]
    play.check("refused twice", again["error"]["status"], 409)
    play.text(street, "show", number)
    for code in ("SOCIAL", "URBAN", "JUSTICE"):
        play.run(code, "check-in", f"{number}-{code}")
        play.run(code, "report", f"{number}-{code}", "--outcome", "SOLVED", "--text", "已清理并划定管护边界")
    play.run(street, "confirm", number, "--verdict", "SOLVED")
    play.check("one street is not both", play.state(street, number), "REPORTED")
    play.run(other, "confirm", number, "--verdict", "SOLVED")
    play.check("both streets", play.state(street, number), "RESOLVED")


def journey_vendors(play, number, street):
    """Not solved: one department's task goes back, is done again, and then confirmed."""
    for code in ("CHENGGUAN", "MARKET", "TRAFFIC", "POLICE"):
        play.run(code, "check-in", f"{number}-{code}")
        play.run(code, "report", f"{number}-{code}", "--outcome", "SOLVED", "--text", "已劝离")
    play.run(street, "confirm", number, "--verdict", "NOT_SOLVED", "--task", f"{number}-CHENGGUAN",
             "--text", "第二天又来了")
    back = play.task(street, f"{number}-CHENGGUAN")
    play.check("rework", (back["state"], back["rework"]), ("REWORK", 1))
    play.run("CHENGGUAN", "report", f"{number}-CHENGGUAN", "--outcome", "SOLVED", "--text",
             "已与学校建立值守")
    play.run(street, "confirm", number, "--verdict", "SOLVED")
    play.check("resolved", play.state(street, number), "RESOLVED")


def journey_river(play, number, street):
    """A department is asked later; its clock runs from then."""
    play.run(street, "add", number, "--department", "MARKET", "--reason", "疑似无照车间")
    added = play.task(street, f"{number}-MARKET")
    play.check("added", (added["part"], added["state"] in ("PENDING", "DELIVERED")), ("SUPPORT", True))
    play.run("MARKET", "sign", f"{number}-MARKET")


def journey_lift(play, number):
    """A hard matter goes on the pending ledger with a plan."""
    play.run("HOUSING", "check-in", f"{number}-HOUSING")
    until = time.strftime("%Y-%m-%dT12:00:00+08:00", time.gmtime(time.time() + 90 * 86400))
    play.run("HOUSING", "ledger", f"{number}-HOUSING", "--plan", "逐户协商,管线移改方案会商", "--until", until)
    play.run("DISTRICT", "--officer", "dispatcher-1", "ledger", f"{number}-HOUSING", "--approve")
    play.check("ledger", play.task("HOUSING", f"{number}-HOUSING")["on_ledger"]["decision"], "APPROVED")


def journey_elder(play, number, street):
    """The street enters a check-in on behalf; sending it again changes nothing."""
    play.run(street, "--officer", "duty-1", "check-in", f"{number}-POLICE", "--on-behalf")
    first = play.task(street, f"{number}-POLICE")
    play.check("checked in", first["state"], "CHECKED_IN")
    play.check("checking in signs", first["signed_at"], first["checked_in_at"])


def play_all(play, district, web):
    play.say("\n吹哨 · Blowing the sample whistles")
    numbers = raise_all(play, district)
    unit = {s["no"]: s["unit"] for s in district["whistles"]}
    play.say("\n一件事,许多人反映 · One matter, many reports")
    journey_near(play, district, numbers[1], unit[1])
    journey_storm(play, district, numbers[4], unit[4])
    journey_apart(play, numbers[1], numbers[2], unit[2])
    play.say("\n部门报到 · Departments check in")
    journey_gas(play, numbers[1], unit[1])
    journey_boundary(play, numbers[12], unit[12], "990101002")
    journey_vendors(play, numbers[7], unit[7])
    journey_river(play, numbers[8], unit[8])
    journey_lift(play, numbers[9])
    journey_elder(play, numbers[11], unit[11])
    if web:
        play.say("\n居民反映 · Residents report")
        residents.play_residents(play, web, wait_until)
    play.text("DRAINCO", "tasks", "--open")
    play.run("AUDITOR", "history", "--verify")
    play.say(f"\n  {play.steps} 步全部如预期 / steps, all as expected")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--whistle", required=True, help="the command, taking --as CODE first")
    parser.add_argument("--district", required=True)
    parser.add_argument("--show", action="store_true", help="print what people see on the way")
    parser.add_argument("--once", metavar="FILE", help="do nothing if FILE exists; make it at the end")
    parser.add_argument("--web", metavar="URL", help="the gateway: residents report there too")
    options = parser.parse_args()
    if options.once and os.path.exists(options.once):
        print("样例哨已播放过 / the samples were played already: deploy/whistle --as DISTRICT list")
        return 0
    with open(options.district, encoding="utf-8") as file:
        district = json.load(file)
    play = Player(options.whistle.split(), options.show)
    try:
        play_all(play, district, options.web)
    except Failed as failed:
        print(f"样例与预期不符 / not as expected:\n  {failed}", file=sys.stderr)
        return 1
    if options.once:
        with open(options.once, "w", encoding="utf-8") as file:
            file.write("played\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
