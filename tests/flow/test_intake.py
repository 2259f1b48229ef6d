#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""intake by itself, over its door: who may raise, what waits, review, priority, supplement, sealing
and erasing, refusals by field and rule, the same after a kill."""
import json
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import distinct  # noqa: E402
import runner  # noqa: E402
from cluster import DISTRICT, TOP, Cluster  # noqa: E402

STREET, STRICT, OTHER = "990101002", "990101001", "990101003"
COMMUNITY = "990101002003"
PHONE, FLAT = "13912345678", "502室"
cluster = None


def raise_one(who, expect=0, officer=None, **fields):
    fields = {"unit": who, "category": "STREET_LIGHT", "title": "路灯不亮", "text": distinct.words(), **fields}
    words = ["raise", "--file", "-", "--no-wait"]
    if officer:
        words = ["--officer", officer] + words
    return cluster.whistle(who, *words, stdin=json.dumps(fields) + "\n", expect=expect)[0]


def error(answer):
    return answer["error"]["status"], answer["error"]["field"], answer["error"]["rule"]


def kinds(number):
    """Field numbers of the whistle's events, in order (IntakeEvent's oneof)."""
    digits = number.split("-")
    id = int(digits[1]) * 10**7 + int(digits[2])
    return [int(r[0]) for r in cluster.sql(
        f"SELECT kind FROM intake.journal WHERE object = {id} ORDER BY seq")]


SUBMITTED, BLOWN, REVIEWED, RETURNED, SELF, DROPPED = 2, 3, 4, 5, 6, 7
SUPPLEMENTED, PRIORITY, ERASED, UNSEALED = 8, 9, 11, 12


def test_numbers_rise_and_states_tell():
    a, b = raise_one(STREET), raise_one(STREET)
    assert a["state"] == b["state"] == "BLOWN", (a, b)
    assert a["number"].startswith("AL-20") and len(a["number"]) == 16, a
    assert b["number"] > a["number"]
    assert kinds(a["number"]) == [BLOWN]


def test_refusals_name_field_and_rule():
    for fields, wanted in (
            ({"category": "NONE"}, (400, "category", "field.unknown")),
            ({"title": ""}, (400, "title", "field.missing")),
            ({"title": "灯" * 101}, (400, "title", "field.length")),
            ({"unit": OTHER}, (403, "unit", "scope.foreign")),
            ({"priority": "P1"}, (400, "reason", "field.missing")),
            ({"place": {"unit": "990101003001"}}, (400, "place.unit", "place.unit")),
            ({"place": {"lat": 39.1}}, (400, "place.lon", "field.missing")),
            ({"place": {"lat": 31.2, "lon": 121.5}}, (400, "place.lat", "place.far")),
            ({"category": "FLOODING", "answers": [{"code": "depth_cm", "value": "900"}]},
             (400, "answers[0].value", "field.range")),
            ({"joint_units": [STREET]}, (400, "joint_units[0]", "raise.joint_units")),
            ({"tags": ["电话" + PHONE]}, (400, "tags[0]", "field.personal"))):
        answer = raise_one(STREET, expect=None, **fields)
        assert "error" in answer and error(answer) == wanted, (fields, answer)


def test_a_community_s_whistle_waits_for_its_street():
    number = raise_one(COMMUNITY)["number"]
    assert kinds(number) == [SUBMITTED]
    no = cluster.whistle(OTHER, "review", number, "--approve", expect=1)[0]
    assert error(no)[2] == "scope.foreign", no
    yes = cluster.whistle(STREET, "review", number, "--approve")[0]
    assert yes["state"] == "BLOWN", yes
    again = cluster.whistle(STREET, "review", number, "--approve", expect=1)[0]
    assert error(again) == (409, "number", "state.conflict"), again
    assert kinds(number) == [SUBMITTED, BLOWN]
    p1 = raise_one(COMMUNITY, category="PIPE_BURST")
    assert p1["state"] == "BLOWN", p1
    cluster.whistle(STREET, "review", p1["number"], "--approve")
    assert kinds(p1["number"]) == [BLOWN, REVIEWED]


def test_another_officer_approves():
    number = raise_one(STRICT, officer="duty-1")["number"]
    own = cluster.whistle(STRICT, "--officer", "duty-1", "review", number, "--approve", expect=1)[0]
    assert error(own)[2] == "review.same_officer", own
    cluster.whistle(STRICT, "--officer", "chief", "review", number, "--approve")
    assert kinds(number) == [SUBMITTED, BLOWN]


def test_returned_and_raised_again():
    number = raise_one(COMMUNITY)["number"]
    cluster.whistle(STREET, "review", number, "--return", "--reason", "地点不清")
    again = cluster.whistle(COMMUNITY, "resubmit", number, "--unit", COMMUNITY, "--category",
                            "STREET_LIGHT", "--title", "路灯不亮,7号楼前", expect=None)[0]
    assert again["state"] == "SUBMITTED", again
    cluster.whistle(COMMUNITY, "review", number, "--cancel", "--reason", "已自行修复")
    assert kinds(number) == [SUBMITTED, RETURNED, SUBMITTED, DROPPED]


def test_missing_answers_hold_back_until_they_come():
    number = raise_one(STREET, category="FLOODING", priority="P3",
                       answers=[{"code": "depth_cm", "value": "20"}])["number"]
    assert kinds(number) == [SUBMITTED]
    cluster.whistle(STREET, "add", number, "--answer", "trapped=false")
    assert kinds(number) == [SUBMITTED, SUPPLEMENTED, BLOWN]
    urgent = raise_one(STREET, category="FLOODING")
    assert urgent["state"] == "BLOWN", urgent


def test_priority_changes_with_a_reason():
    number = raise_one(STREET)["number"]
    cluster.whistle(STREET, "priority", number, "--priority", "P2", "--reason", "夜间有人绊倒")
    same = cluster.whistle("DISTRICT", "priority", number, "--priority", "P2", "--reason", "x",
                           expect=1)[0]
    assert error(same)[2] == "priority.same", same
    waits = raise_one(COMMUNITY)["number"]
    cluster.whistle(STREET, "priority", waits, "--priority", "P1", "--reason", "有触电危险")
    assert kinds(number) == [BLOWN, PRIORITY]
    assert kinds(waits) == [SUBMITTED, PRIORITY, BLOWN]


def test_the_clock_lets_p1_and_p2_out():
    """The test's district gives a resident's P1 and a P2 two seconds of review; a kill in between."""
    p1 = raise_one(STREET, category="PIPE_BURST", source="WEB")["number"]
    p2 = raise_one(COMMUNITY, priority="P2")["number"]
    assert kinds(p1) == kinds(p2) == [SUBMITTED]
    cluster.processes["intake"].kill()
    cluster.start_service("intake")
    runner.until(lambda: kinds(p1) == kinds(p2) == [SUBMITTED, BLOWN], seconds=15)
    assert cluster.sql("SELECT count(*) FROM intake.whistle WHERE due_review > 0 "
                       "AND state = 4") == [["0"]]
    cluster.whistle(STREET, "review", p1, "--approve")
    assert kinds(p1) == [SUBMITTED, BLOWN, REVIEWED]


def everywhere(text):
    """Where the plain text stands in intake's database or log: nowhere, we hope."""
    hits = []
    pattern = "\\x" + text.encode().hex()
    for table, column in (("journal", "body"), ("answer", "digest"), ("dead_letter", "cause"),
                          ("person", "wrapped")):
        if cluster.sql(f"SELECT 1 FROM intake.{table} WHERE position('{pattern}'::bytea IN {column})"
                       " > 0 LIMIT 1"):
            hits.append(table)
    if text in cluster.processes["intake"].tail(100000):
        hits.append("log")
    return hits


def test_personal_data_is_sealed_and_can_be_erased():
    secret, name = "13987654321", "示例居民乙"
    one = raise_one(STREET, category="ELDER_CARE", title="老人失联", text=f"家属{secret},住{FLAT}",
                    place={"unit": COMMUNITY, "address": f"东堤路18号{FLAT}"},
                    reporter={"name": name, "phone": secret})["number"]
    two = raise_one(STREET, reporter={"name": name, "phone": "+86 " + secret})["number"]
    assert everywhere(secret) == [] and everywhere(name) == [] and everywhere(FLAT) == []
    assert cluster.sql("SELECT count(*) FROM intake.person WHERE hash IS NOT NULL") == [["1"]]

    no = cluster.whistle(OTHER, "unseal", one, "--reason", "好奇", expect=1)[0]
    assert error(no)[2] == "scope.foreign", no
    full = cluster.whistle(STREET, "unseal", one, "--reason", "联系家属")[0]
    assert full["reporter"] == {"name": name, "phone": secret}, full
    assert FLAT in full["text"] and secret in full["text"] and FLAT in full["address"], full
    assert everywhere(secret) == []

    cluster.whistle("DISTRICT", "erase", one, "--reason", "本人要求")
    assert cluster.sql("SELECT count(*) FROM intake.person WHERE hash IS NOT NULL") == [["0"]]
    gone = cluster.whistle(STREET, "unseal", two, "--reason", "联系", expect=1)[0]
    assert error(gone)[2] == "unseal.nothing", gone
    assert kinds(one) == [BLOWN, UNSEALED, ERASED]
    raise_one(STREET, reporter={"name": name, "phone": secret})
    assert cluster.sql("SELECT count(*) FROM intake.person WHERE hash IS NOT NULL") == [["1"]]


def test_the_same_after_a_kill():
    before = raise_one(COMMUNITY)["number"]
    cluster.processes["intake"].kill()
    cluster.start_service("intake")
    after = raise_one(STREET)["number"]
    assert after > before
    cluster.whistle(STREET, "review", before, "--self")
    assert kinds(before) == [SUBMITTED, SELF]


def test_the_database_goes_and_comes_back():
    """The process stays, forgets everything and rebuilds it."""
    before = raise_one(COMMUNITY)["number"]
    cluster.processes["postgres"].kill()
    cluster.whistle(STREET, "raise", "--unit", STREET, "--category", "STREET_LIGHT", "--title",
                    "路灯不亮", "--no-wait", "--timeout", "2", expect=3)
    cluster.start_postgres()
    cluster.wait_ready("intake")
    after = raise_one(STREET)["number"]
    assert after > before
    cluster.whistle(STREET, "review", before, "--approve")
    assert kinds(before) == [SUBMITTED, BLOWN]


def test_a_full_disk_answers_busy_and_recovers():
    cluster.processes["intake"].stop()
    cluster.start_service("intake", WHISTLE_DATA_DIR=cluster.dir, WHISTLE_MIN_FREE_MB="1048576")
    busy = cluster.whistle(STREET, "raise", "--unit", STREET, "--category", "STREET_LIGHT", "--title",
                           "路灯不亮", "--no-wait", "--timeout", "2", expect=3)
    assert not any("number" in line for line in busy), busy
    assert cluster.whistle(STREET, "preview", "--unit", STREET, "--category", "STREET_LIGHT",
                           "--title", "路灯不亮", expect=2)[0]["priority"] == "P3"  # no dedup here
    cluster.processes["intake"].stop()
    cluster.start_service("intake", WHISTLE_DATA_DIR=cluster.dir, WHISTLE_MIN_FREE_MB="1")
    assert raise_one(STREET)["state"] == "BLOWN"


def test_codes_keep_their_integers():
    before = dict(cluster.sql("SELECT code, id FROM intake.code"))
    with open(cluster.district) as file:
        data = json.load(file)
    data["departments"].insert(0, {**data["departments"][0], "code": "NEWBODY"})
    path = os.path.join(cluster.dir, "changed.json")
    with open(path, "w") as file:
        json.dump(data, file, ensure_ascii=False)
    os.chmod(path, 0o644)
    cluster.whistle("OPERATOR", "import", path, "--apply")
    after = dict(cluster.sql("SELECT code, id FROM intake.code"))
    assert {k: after[k] for k in before} == before
    assert int(after["NEWBODY"]) == max(int(i) for i in before.values()) + 1
    assert cluster.sql("SELECT version FROM intake.district ORDER BY version") == [["1"], ["2"]]
    cluster.processes["intake"].kill()
    cluster.start_service("intake")
    assert raise_one(STREET)["state"] == "BLOWN"


def test_rows_are_the_journal_s():
    """A whistle's row names its events, all and in order; its state is what the last of them says."""
    assert cluster.sql(
        "SELECT w.id FROM intake.whistle AS w WHERE w.seq || coalesce(w.later, '{}') IS DISTINCT FROM "
        "(SELECT array_agg(j.seq ORDER BY j.seq) FROM intake.journal AS j WHERE j.object = w.id)") == []
    states = {SUBMITTED: "1", BLOWN: "4", RETURNED: "2", SELF: "3", DROPPED: "13"}
    for kind, state in cluster.sql(
            "SELECT (SELECT j.kind FROM intake.journal AS j WHERE j.object = w.id AND j.kind IN "
            "(2, 3, 5, 6, 7) ORDER BY j.seq DESC LIMIT 1), w.state FROM intake.whistle AS w"):
        assert states[int(kind)] == state, (kind, state)


def test_no_row_without_an_index():
    """Every statement of the store, planned as the service plans it: no sequential scan."""
    with open(os.path.join(TOP, "services/intake/store.c")) as file:
        source = file.read()
    found = 0
    for match in re.finditer(r'\.sql\s*=\s*((?:"(?:[^"\\]|\\.)*"\s*)+)', source):
        sql = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', match.group(1)))
        n = len(set(re.findall(r"\$(\d)", sql)))
        text = (f"SET search_path = intake; SET enable_seqscan = off; PREPARE s AS {sql}; "
                f"SET plan_cache_mode = force_generic_plan; "
                f"EXPLAIN EXECUTE s{'(' + ','.join(['NULL'] * n) + ')' if n else ''}")
        plan = "\n".join(r[0] for r in cluster.sql(text))
        assert "Seq Scan" not in plan, f"{sql}\n{plan}"
        found += 1
    assert found >= 10, found


def district_with_short_clocks(folder):
    with open(DISTRICT) as file:
        data = json.load(file)
    for row in data["service_times"]:
        if row["priority"] == "P1":
            row["review_resident"] = "PT2S"
        elif row["priority"] == "P2":
            row["review"] = "PT2S"
    path = os.path.join(folder, "district.json")
    with open(path, "w") as file:
        json.dump(data, file, ensure_ascii=False)
    return path


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, \
            Cluster(services=("intake",), district=district_with_short_clocks(folder)) as cluster:
        code = runner.main(globals())
    sys.exit(code)
