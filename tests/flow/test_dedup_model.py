#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`whistle dedup evaluate` and `fit` as a district uses them: files in both shapes give the same
figures, every figure of the contract is there, faults name line and field, a model that was fitted is
taken and judges, folds print mean and spread. The reports are written here."""
import json
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import runner  # noqa: E402

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("WHISTLE_BUILD", os.path.join(TOP, "build-test"))
FOLDER = tempfile.TemporaryDirectory()
FIGURES = {"reports", "with_earlier", "best_f1", "threshold", "precision", "recall", "recall_at_p99",
           "recall_at_p95", "calibration", "calibration_gap", "queries_per_s"}
THINGS = ["路灯不亮", "井盖丢失", "垃圾没人清运", "水管爆裂", "暖气不热", "电梯停运", "油烟扰民", "占道经营"]
NAMES = [a + b for a in "锦翠华阳景和安永兴福" for b in "绣园泉湖溪台桥塘港湾"]
ENDS = ["请处理", "已经很久了", "晚上很危险", "找过物业没有结果", "孩子每天经过这里", "希望尽快解决"]


def reports(seed=1, events=250):
    """A list of reports: every third matter is told again, some days later and in other words."""
    rnd = random.Random(seed)
    out = []
    for event in range(events):
        name, thing = rnd.choice(NAMES), rnd.choice(THINGS)
        for copy in range(3 if event % 3 == 0 else 1):
            day = rnd.randrange(1, 24) + copy
            out.append({"time": f"2019/7/{day} {rnd.randrange(24)}:05:00", "title": f"{name}小区{thing}",
                        "body": f"{name}小区{event % 40 + 1}号楼{thing},{rnd.choice(ENDS)}。{rnd.choice(ENDS)}。",
                        "user": f"U{rnd.randrange(999)}", "event": event})
    for i, row in enumerate(out):
        row["id"] = i + 1
    return out


def file(name, text):
    path = os.path.join(FOLDER.name, name)
    with open(path, "w", encoding="utf-8") as to:
        to.write(text)
    return path


def as_json(rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def as_csv(rows, columns):
    cell = lambda value: '"' + str(value).replace('"', '""') + '"'  # noqa: E731
    return "\r\n".join([",".join(columns), *(",".join(cell(row.get(c, "")) for c in columns)
                                             for row in rows)]) + "\r\n"


def run(*words, expect=0, lang="en"):
    done = subprocess.run([os.path.join(BUILD, "whistle"), "dedup", *words, "--lang", lang], text=True,
                          capture_output=True, timeout=120)
    assert done.returncode == expect, (done.returncode, done.stdout, done.stderr)
    return done


def figures(*words):
    return json.loads(run("evaluate", *words, "--json").stdout)


def test_both_shapes_give_the_same_figures():
    rows = reports()
    got = figures(file("a.jsonl", as_json(rows)))
    assert FIGURES <= set(got), got
    assert got["reports"] == len(rows) and got["with_earlier"] == 2 * 84
    assert got["best_f1"] > 0.5 and 0 <= got["calibration_gap"] <= 1
    assert all({"from", "to", "n", "predicted", "observed"} == set(b) for b in got["calibration"])
    assert sum(b["n"] for b in got["calibration"]) == len(rows)
    for row in rows:  # the other shape, the other name, the other way to write a time
        row["reporter"] = row.pop("user")
        day, clock = row["time"].split()
        year, month, day = map(int, day.split("/"))
        hour, minute, second = clock.split(":")
        row["time"] = f"{year}-{month:02}-{day:02}T{int(hour):02}:{minute}:{second}Z"
    random.Random(2).shuffle(rows)
    columns = ["event", "id", "time", "lat", "lon", "category", "reporter", "title", "body"]
    again = figures(file("a.csv", "\ufeff" + as_csv(rows, columns)))
    for name in FIGURES - {"queries_per_s"}:
        assert got[name] == again[name], (name, got[name], again[name])


def test_pairs_that_count_neither_way():
    rows = [{"id": i, "time": f"2019/7/1 0:0{i}:00", "title": "染坊街下穿桥积水很深", "body": "请封路排水",
             "event": event} for i, event in ((1, 1), (2, 2), (3, 1))]
    path = file("pairs.jsonl", as_json(rows))
    assert figures(path)["precision"] < 1
    got = figures(path, "--ambiguous", file("pairs.csv", "a,b\n2,1\n3,2\n"))
    assert got["precision"] == 1 and got["recall"] == 1 and got["with_earlier"] == 1


def test_a_fitted_model_judges():
    path, out = file("b.jsonl", as_json(reports(3))), os.path.join(FOLDER.name, "model")
    told = json.loads(run("fit", path, file("c.jsonl", as_json(reports(4))), "--out", out, "--version", "41",
                          "--json").stdout)
    assert told["model"] == 41 and told["out"] == out
    assert [s["section"] for s in told["sections"]] == ["TEXT", "AREA", "PLACED", "BRIEF"]
    assert told["sections"][0]["fitted"] and not told["sections"][2]["fitted"]
    test = file("d.jsonl", as_json(reports(5)))
    got = figures(test, "--model", out)
    assert got["model"] == 41 and got["best_f1"] > 0.8, got
    with open(out, encoding="utf-8") as model:
        text = model.read()
    assert run("fit", path, file("c.jsonl", as_json(reports(4))), "--version", "41").stdout == text
    bad = file("bad", text.replace("WEIGHT(TEXT, BIAS", "WEIGHT(TEXT, BIASED", 1))
    assert "no such feature" in run("evaluate", test, "--model", bad, expect=2).stderr


def test_folds():
    path = file("e.jsonl", as_json(reports(6)))
    got = figures(path, "--folds", "4", "--seed", "9")
    assert got["folds"] == 4 and got["splits"] == 5 and got["seed"] == 9
    assert 0 <= got["spread"]["best_f1"] < 0.2 and got["best_f1"] > 0.8, got
    assert got["best_f1"] == figures(path, "--folds", "4", "--seed", "9")["best_f1"]
    assert "±" in run("evaluate", path, "--folds", "4").stdout
    assert "折" in run("evaluate", path, "--folds", "4", lang="zh").stdout


def test_faults_name_line_and_field():
    good = reports(7, 3)
    for change, words in (({"time": "yesterday"}, ("line 2", "time")), ({"id": "x"}, ("line 2", "id")),
                          ({"title": ["a"]}, ("line 2", "title")), ({"lat": 39.1}, ("line 2", "lon")),
                          ({"event": None}, ("line 2", "event")), ({"lat": "n", "lon": 1}, ("line 2", "lat")),
                          ({"time": "2019/2/30 1:00:00"}, ("line 2", "time"))):
        rows = [dict(good[0]), {**good[1], **change}, *good[2:]]
        error = run("evaluate", file("f.jsonl", as_json(rows)), expect=2).stderr
        assert all(word in error for word in words), (change, error)
    assert "id 1 is given twice" in run("evaluate", file("g.jsonl", as_json([good[0]] * 2)), expect=2).stderr
    assert "line 1" in run("evaluate", file("h.jsonl", "{not json\n"), expect=2).stderr
    error = run("evaluate", file("i.csv", "id,time,event\n1,2019/7/1 1:00:00\n"), expect=2).stderr
    assert "line 2" in error and "cells" in error
    assert "no reports" in run("evaluate", file("j.csv", "id,time,event\n"), expect=2).stderr
    assert "No such file" in run("evaluate", "/nowhere", expect=2).stderr
    run("evaluate", file("k.jsonl", as_json(good)), "--folds", "1", expect=2)
    run("evaluate", file("k.jsonl", as_json(good)), "--folds", "4", "--model", "x", expect=2)
    run("rate", file("k.jsonl", as_json(good)), expect=2)
    few = run("fit", file("k.jsonl", as_json(good)), "--json", expect=1)
    assert json.loads(few.stdout)["error"]["status"] == 422


def test_any_text_is_taken():
    odd = ["", " ", "🔥" * 50, "\u200b\u202e桥洞\u2066积水", "क्षि กำ ﷺ ㍿", "a" * 9999, "水" * 10000,
           "\u0301" * 300]
    rows = [{"id": i, "time": "2019-07-01T00:00:00+08:00", "lat": lat, "lon": lon, "title": text,
             "body": text, "event": i // 2} for i, (text, lat, lon) in enumerate(
                 (t, *p) for t in odd for p in ((39.1, 115.9), (999, -1e300), (0, 0)))]
    assert figures(file("l.jsonl", as_json(rows)))["reports"] == len(rows)


if __name__ == "__main__":
    sys.exit(runner.main(globals()))
