#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The first day of a district: an empty system, the empty tables, a small town's own data with mistakes
in them, each told at its file, row and column; mended, seen, adopted; keys; nobody unreachable; a whistle
raised and signed; later changes. And a large district within its bounds."""
import csv
import json
import os
import random
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import runner  # noqa: E402
from cluster import DISTRICT, Cluster  # noqa: E402

cluster = None
spent = []
LIMIT_KB = 128 * 1024

TOWN = {
    "district.csv": ["代码,名称,英文名,编号前缀,时区", "770201,青禾县,Qinghe County,QH,Asia/Shanghai"],
    "units.csv": ["代码,名称,层级,上级,户数,街道审核",
                  "770201001,城关镇,镇,770201,,否",
                  "770201001001,东门社区,社区,770201001,1800,",
                  "770201001002,西门社区,社区,770201001,2100,",
                  "770201002,柳河乡,乡,770201,,",
                  "770201002001,柳河村,行政村,770201002,640,",
                  "",
                  "77020100200101,柳河村第一网格,网格,770201002001,210,"],
    "departments.csv": ["代码,名称,类型,值守", "SHUIWU,县水务局,部门,全天", "GONGAN,县公安局,部门,全天",
                        "ZILAISHUI,县自来水公司,公共服务企业,全天"],
    "desks.csv": ["单位,级别,名称,时间,联系方式"] + [
        f"{body},{rank},{name},全天,sms:139{i}000{level}001;app:{body}-{level}"
        for i, body in enumerate(("SHUIWU", "GONGAN", "ZILAISHUI"))
        for level, (rank, name) in enumerate((("值班", "值班员"), ("负责人", "负责人")))],
    "categories.csv": ["代码,名称,等级,牵头,协办,查重半径米,查重小时,可看全址",
                       "BAOGUAN,供水管爆裂,特急,ZILAISHUI,SHUIWU、GONGAN,150,24,ZILAISHUI",
                       "JIUFEN,邻里纠纷,P3,GONGAN,,,,"],
    "questions.csv": ["类别,代码,问题,类型,选项,必填,最小,最大",
                      "BAOGUAN,depth_cm,积水深(厘米),整数,,是,0,500",
                      "BAOGUAN,where,在哪里,选项,户内;楼道;路面,,,"],
    "routing.csv": ["类别,地点,标签,牵头,协办", "JIUFEN,770201002,,GONGAN,SHUIWU", "BAOGUAN,,停水影响学校,,GONGAN"],
    "danger_words.csv": ["危险词", "被困", "触电"],
}
# file: ([(text, mistake), …], [(row, column, rule), …])
MISTAKES = {
    "district.csv": ([("Asia/Shanghai", "Asia/Qinghe")], [(2, "timezone", "field.unknown")]),
    "units.csv": ([("西门社区,社区", "西门社区,杜区"), ("柳河村,行政村,770201002", "柳河村,行政村,770201009"),
                   ("柳河乡,乡,770201,,", "柳河乡,乡,770201,,,多")],
                  [(4, "level", "field.enum"), (5, "7", "field.count"), (6, "parent", "field.unknown")]),
    "departments.csv": ([("代码,名称,类型,值守", "代码,名称,类型,值守,电话"), ("GONGAN,县公安局", "SHUIWU,县公安局")],
                        [(1, "电话", "field.unknown"), (3, "code", "field.twice")]),
    "desks.csv": ([("ZILAISHUI,值班", "ZILAI,值班"), ("sms:1391000", "1391000")],
                  [(4, "body", "field.unknown"), (6, "body", "field.unknown"),
                   (4, "channels", "field.format"), (5, "channels", "field.format")]),
    "categories.csv": ([("等级", "级别名"), ("BAOGUAN,供水管爆裂,特急,ZILAISHUI", "BAOGUAN,供水管爆裂,特急,ZLS"),
                        (",150,24", ",一百五,24")],
                       [(1, "级别名", "field.unknown"), (None, "priority", "field.missing"),
                        (2, "lead", "field.unknown"), (2, "dedup_radius_m", "field.format"),
                        (2, "supports", "field.unknown"), (3, "lead", "field.unknown")]),
    "questions.csv": ([("BAOGUAN,where", "BAOGUN,where"), ("是,0,500", "是,600,500")],
                      [(3, "category", "field.unknown"), (2, "min", "field.range")]),
    "routing.csv": ([("JIUFEN,770201002,", "JIUFEN,770201003,")],
                    [(2, "unit", "field.unknown"), (2, "lead", "field.unknown"),
                     (3, "supports", "field.unknown")]),
    "danger_words.csv": ([("触电", '"触电')], [(3, "1", "field.format")]),
    "calendar.csv": ([("09:00", "13:00"), ("周六", "周八")],
                     [(2, "from", "field.range"), (4, "from", "field.enum")]),
    "service_times.csv": ([("PT30M,PT2H,PT24H", "PT30M,两小时,PT24H"), ("normal,P4", "normal,P3")],
                          [(3, "checkin", "field.format"), (5, None, "field.twice"),
                           (None, None, "field.missing")]),
}


def run(who, *words, expect=0):
    """JSON lines of a command that an operator types; its time counts."""
    began = time.monotonic()
    out = cluster.whistle(who, *words, expect=expect)
    spent.append((time.monotonic() - began, words[0]))
    return out


def folder(name):
    return os.path.join(cluster.dir, name)


def save(path, text, encoding="utf-8-sig", end="\r\n"):
    with open(path, "wb") as file:
        file.write(text.replace("\n", end).encode(encoding))


def fill(into, mistakes):
    """The tables as an operator fills them in; several encodings and line ends as they come."""
    for i, name in enumerate([*TOWN, "calendar.csv", "service_times.csv"]):
        path = os.path.join(into, name)
        text = "\n".join(TOWN[name]) + "\n" if name in TOWN else open(path, encoding="utf-8-sig").read()
        if mistakes:
            for right, wrong in MISTAKES[name][0]:
                assert right in text, (name, right)
                text = text.replace(right, wrong, -1 if right.startswith("sms") else 1)
        save(path, text, ["utf-8-sig", "gb18030", "utf-8"][i % 3], ["\r\n", "\n"][i % 2])


def test_an_empty_system_says_so():
    global cluster
    cluster = Cluster(district=None)
    cluster.up()
    keys = cluster.dir + "/keys"
    cluster.sh([cluster.bin("whistle"), "key", "new", "FIRST", "--role", "street", "--out",
                keys + "/FIRST.key", "--keyring", keys + "/keyring"])
    refused = runner.until(lambda: [o for o in cluster.whistle(
        "FIRST", "raise", "--category", "X", "--title", "x", expect=None)
        if o["error"]["rule"] != "auth.unknown"])[0]["error"]
    assert refused["rule"] == "district.missing" and refused["status"] == 409, refused
    for verb in ("list", "check"):
        assert cluster.whistle("DISTRICT", verb, expect=1)[0]["error"]["rule"] == "district.missing"
    doctor = subprocess.run([*cluster.command("OPERATOR"), "doctor", "--lang", "en"],
                            capture_output=True, text=True)
    assert doctor.returncode == 1 and "no district yet" in doctor.stdout, doctor
    assert "→ whistle import" in doctor.stdout, doctor


def test_templates_hold_headers_and_what_they_mean():
    run("OPERATOR", "export", "--templates", folder("town"))
    names = sorted(os.listdir(folder("town")))
    assert names == sorted([*MISTAKES, "columns.md"]), names
    page = open(folder("town/columns.md"), encoding="utf-8").read()
    for name in MISTAKES:
        with open(os.path.join(folder("town"), name), encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
        assert f"## {name}" in page and all(f"| {cell} |" in page for cell in rows[0]), name
        assert len(rows) == {"calendar.csv": 5, "service_times.csv": 5}.get(name, 1), (name, rows)
    empty = run("OPERATOR", "import", folder("town"), expect=1)
    assert empty[-1]["applied"] is False and empty[-1]["findings"] == len(empty) - 1 > 3, empty
    again = run("OPERATOR", "export", "--templates", folder("town"), expect=2)[0]["error"]
    assert "district.csv" in again["detail"], again  # nothing is written over


def test_every_mistake_at_its_cell():
    fill(folder("town"), mistakes=True)
    out = run("OPERATOR", "import", folder("town"), expect=1)
    said = {(f["file"], f.get("row"), f.get("column"), f["rule"]) for f in out[:-1]}
    wanted = {(file, *one) for file, (_, all_of_it) in MISTAKES.items() for one in all_of_it}
    assert said == wanted, (sorted(map(str, said - wanted)), sorted(map(str, wanted - said)))
    assert out[-1] == {"applied": False, "findings": len(out) - 1}
    assert not any("1391000" in json.dumps(f) for f in out), "an address is shown"
    person = subprocess.run([*cluster.command("OPERATOR"), "import", folder("town"), "--lang", "zh"],
                            capture_output=True, text=True)
    assert person.returncode == 1 and '文件 units.csv 第 4 行 列 层级 (level): 取值不在规定的选项中 (field.enum): "杜区"' \
        in person.stderr, person.stderr
    assert "units.csv: 按 GB18030 读取" in person.stderr, person.stderr


def test_mended_seen_and_adopted():
    for name in ("calendar.csv", "service_times.csv"):
        os.unlink(os.path.join(folder("town"), name))
    run("OPERATOR", "export", "--templates", folder("again"))
    for name in ("calendar.csv", "service_times.csv"):
        os.rename(os.path.join(folder("again"), name), os.path.join(folder("town"), name))
    fill(folder("town"), mistakes=False)
    dry = run("OPERATOR", "import", folder("town"))[0]
    assert dry["applied"] is False and dry["version"] == 0, dry
    assert {c["change"] for c in dry["changes"]} == {"ADDED"}
    count = {t: sum(c["table"] == t for c in dry["changes"])
             for t in ("units", "departments", "desks", "routes")}
    assert count == {"units": 7, "departments": 3, "desks": 3, "routes": 4}, count
    assert set(dry["encodings"].values()) == {"GB18030"} and "units.csv" in dry["encodings"]
    assert dry["check"]["holes"] > 0 and all(  # nobody has a key yet, no sender runs
        r["rule"] == "check.no_live_key_or_channel" and r["file"] == "categories.csv" and r["row"] in (2, 3)
        for r in dry["check"]["rows"]), dry["check"]
    assert cluster.whistle("DISTRICT", "list", expect=1)[0]["error"]["rule"] == "district.missing"
    done = run("OPERATOR", "import", folder("town"), "--apply")[0]
    assert done["applied"] is True and done["version"] == 1


def test_keys_and_nobody_unreachable():
    made = run("OPERATOR", "key", "new", "--for-district", "live")[0]
    assert made == {"made": 8, "added": 8}, made  # 2 streets, 3 communities, 3 departments
    runner.until(lambda: cluster.whistle("DISTRICT", "check", expect=None)[0].get("holes") == [])
    run("DISTRICT", "check")


def test_a_whistle_is_raised_and_signed():
    number = run("770201001", "raise", "--category", "BAOGUAN", "--title", "东门水管爆裂",
                 "--answer", "depth_cm=30", "--place-unit", "770201001001")[0]["number"]
    assert number.startswith("QH-"), number
    task = runner.until(lambda: cluster.whistle("ZILAISHUI", "tasks", "--open")[0].get("tasks"))[0]["id"]
    assert task == f"{number}-ZILAISHUI"
    run("ZILAISHUI", "sign", task)
    shown = run("770201001", "show", number)[0]
    states = {t["department"]: t["state"] for t in shown["tasks"]}
    assert states["ZILAISHUI"] == "SIGNED" and set(states) == {"ZILAISHUI", "SHUIWU", "GONGAN"}, states
    seconds = sum(s for s, _ in spent)
    print(f"     {len(spent)} commands of the first day took {seconds:.1f} s of its 15 minutes: "
          + ", ".join(f"{name} {s:.2f}" for s, name in spent))
    assert seconds < 60


def test_unchanged_means_no_difference():
    same = run("OPERATOR", "import", folder("town"))[0]
    assert same["changes"] == [] and same["version"] == 1, same  # telephones too, though they are sealed
    run("OPERATOR", "export", "--csv", folder("live"))
    text = open(folder("live/desks.csv"), encoding="utf-8").read()
    assert "sealed" in text and "1390000" not in text
    assert run("OPERATOR", "import", folder("live"))[0]["changes"] == []
    wrong = text.replace("sealed.", "sealed.9", 1)  # of another system, or made up: nobody could open it
    save(os.path.join(folder("live"), "desks.csv"), wrong, encoding="utf-8")
    kept = run("OPERATOR", "import", folder("live"), expect=1)
    said = [(f["row"], f["column"], f["rule"]) for f in kept[:-1]]
    assert said == [(2, "channels", "district.sealed")], kept


def edit(name, right, wrong):
    path = os.path.join(folder("town"), name)
    raw = open(path, "rb").read()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding).replace("\r\n", "\n")
            break
        except UnicodeDecodeError:
            continue
    assert right in text, (name, right)
    save(path, text.replace(right, wrong, 1))


def test_later_changes():
    edit("departments.csv", "GONGAN,", "HUANWEI,县环卫中心,部门,工作时间\nGONGAN,")
    edit("desks.csv", "sms:1390000000", "sms:1390000777")
    edit("desks.csv", "GONGAN,值班", "HUANWEI,值班,值班员,全天,app:hw\nGONGAN,值班")
    dry = run("OPERATOR", "import", folder("town"))[0]
    assert {(c["table"], c["key"], c["change"]) for c in dry["changes"]} == {
        ("departments", "HUANWEI", "ADDED"), ("desks", "HUANWEI", "ADDED"),
        ("desks", "SHUIWU", "CHANGED")}, dry
    fields = [c for c in dry["changes"] if c["key"] == "SHUIWU"][0]["fields"]
    assert [f["field"] for f in fields] == ["contacts[0].channels"], fields
    assert "1390000777" not in json.dumps(dry), "an address is shown"
    assert run("OPERATOR", "import", folder("town"), "--apply")[0]["version"] == 2
    assert run("OPERATOR", "key", "new", "--for-district", "live")[0] == {"made": 1, "added": 1}
    runner.until(lambda: "tasks" in cluster.whistle("HUANWEI", "tasks", expect=None)[0])
    # A code that was adopted stays, and the dry run says so as the adoption would.
    edit("departments.csv", "HUANWEI,县环卫中心,部门,工作时间\n", "")
    edit("desks.csv", "HUANWEI,值班,值班员,全天,app:hw\n", "")
    kept = run("OPERATOR", "import", folder("town"), expect=1)
    assert [(f["file"], f["rule"], f["detail"]) for f in kept[:-1]] == [
        ("departments.csv", "district.keeps_codes", "HUANWEI")], kept


def test_a_json_file_tells_all_its_faults():
    data = json.load(open(DISTRICT, encoding="utf-8"))
    data["units"][4]["level"] = "vilage"
    data["categories"][3]["lead"] = "NOBODY"
    data["categories"][5]["dedup_radius_m"] = "wide"
    data["calendar"]["years"]["2026"]["off"][1] = "2026-13-01"
    path = folder("wrong.json")
    json.dump(data, open(path, "w", encoding="utf-8"), ensure_ascii=False)
    said = {(f.get("path"), f["rule"]) for f in run("OPERATOR", "import", path, expect=1)[:-1]}
    assert said >= {("units[4].level", "field.enum"), ("categories[3].lead", "field.unknown"),
                    ("categories[5].dedup_radius_m", "field.format"),
                    ("calendar.years.2026.off[1]", "field.format")}, said


def test_the_empty_system_is_gone():
    cluster.down()


# ---- a large district ---------------------------------------------------------------------------


def large(streets=16, communities=24, grids=31, bodies=80, desks=500, categories=300, seed=7):
    """12,305 units as a real district has them, with everything below."""
    base, rng = json.load(open(DISTRICT, encoding="utf-8")), random.Random(seed)
    units = [{"code": "880101", "zh": "大河区", "level": "district"}]

    def unit(code, name, level, parent):
        units.append({"code": code, "zh": name, "level": level, "parent": parent,
                      "lat": round(31 + rng.random(), 6), "lon": round(118 + rng.random(), 6),
                      "households": rng.randrange(3000)})
    for s in range(streets):
        street = f"880101{s:03d}"
        unit(street, f"第{s}街道办事处", "subdistrict", "880101")
        for c in range(communities):
            community = f"{street}{c:03d}"
            unit(community, f"第{s}街道第{c}社区", "community", street)
            for g in range(grids):
                unit(f"{community}{g:02d}", f"第{c}社区第{g}网格", "grid", community)
    codes = [f"BODY{b:03d}" for b in range(bodies)]
    with_desk = codes + [u["code"] for u in units if u["level"] in ("subdistrict", "community")]
    return {
        "district": base["district"], "calendar": base["calendar"], "service_times": base["service_times"],
        "units": units,
        "departments": [{"code": c, "zh": f"第{i}委办局", "duty": "7x24"} for i, c in enumerate(codes)],
        "desks": [{"body": c, "contacts": [
            {"level": n, "zh": f"值班{n}", "hours": "7x24",
             "channels": [f"sms:139{i:05d}{n:03d}", f"app:{c}-{n}"]}
            for n in range(3)]} for i, c in enumerate(with_desk[:desks])],
        "categories": [{"code": f"CAT{c:03d}", "zh": f"第{c}类事项", "priority": f"P{1 + c % 4}",
                        "lead": codes[c % bodies],
                        "support": [codes[(c + 1) % bodies], codes[(c + 2) % bodies]]}
                       for c in range(categories)],
        "routes": [{"category": f"CAT{c:03d}", "unit": f"880101{s:03d}", "lead": codes[(c + s) % bodies]}
                   for c in range(0, categories, 5) for s in range(streets)],
    }


def peaks():
    """Highest resident memory of each service so far, KiB."""
    return {n: int(next(line for line in open(f"/proc/{cluster.processes[n].child.pid}/status")
                        if line.startswith("VmHWM")).split()[1]) for n in cluster.names}


def refusal(who, *words):
    return cluster.whistle(who, *words, expect=1)[0]["error"]["rule"]


def test_a_district_of_12000_units():
    global cluster
    cluster = Cluster(district=None)
    try:
        cluster.up()
        path = folder("large.json")
        street = cluster.dir + "/keys/880101002.key"
        cluster.sh([cluster.bin("whistle"), "key", "new", "880101002", "--role", "street", "--out", street,
                    "--keyring", cluster.dir + "/keys/keyring"])
        runner.until(lambda: refusal("880101002", "list") != "auth.unknown")
        # Only who may adopt a district may send as much as that.
        json.dump(large(streets=8, communities=20), open(path, "w", encoding="utf-8"), ensure_ascii=False)
        assert refusal("880101002", "import", path) == "field.count"
        json.dump(large(), open(path, "w", encoding="utf-8"), ensure_ascii=False)
        assert refusal("880101002", "import", path) == "message.too_large"
        began = time.monotonic()
        done = cluster.whistle("OPERATOR", "import", path, "--apply")[0]
        adopt = time.monotonic() - began
        assert done["version"] == 1 and sum(c["table"] == "units" for c in done["changes"]) == 12305
        began = time.monotonic()
        dry = cluster.whistle("OPERATOR", "import", path)[0]
        again = time.monotonic() - began
        assert dry["changes"] == [] and "no_answer" not in dry["check"], dry
        cluster.whistle("OPERATOR", "export", "--csv", folder("large"))
        assert cluster.whistle("OPERATOR", "import", folder("large"))[0]["changes"] == []
        data = large()
        for desk in data["desks"]:  # every telephone is another one: 1,500 keys go, 1,500 come
            for contact in desk["contacts"]:
                contact["channels"][0] = contact["channels"][0].replace("sms:139", "sms:138")
        json.dump(data, open(path, "w", encoding="utf-8"), ensure_ascii=False)
        assert cluster.whistle("OPERATOR", "import", path, "--apply")[0]["version"] == 2
        memory = peaks()
        rebuilt = {}
        for name in cluster.names:
            cluster.processes[name].stop()
            began = time.monotonic()
            cluster.start_service(name)
            rebuilt[name] = time.monotonic() - began
        assert cluster.whistle("OPERATOR", "import", path)[0]["changes"] == []
        raised = runner.until(lambda: [o for o in cluster.whistle(
            "880101002", "raise", "--category", "CAT005", "--title", "井盖缺失", expect=None) if "number" in o])
        assert {t["department"] for t in raised[0]["tasks"]} >= {"BODY007"}, raised
        print(f"     12,305 units: import --apply {adopt:.2f} s, dry run {again:.2f} s, highest resident "
              + ", ".join(f"{n} {kb / 1024:.0f} MiB" for n, kb in memory.items()) + ", started again in "
              + ", ".join(f"{n} {s:.2f} s" for n, s in rebuilt.items()))
        assert all(kb < LIMIT_KB for kb in memory.values()), memory
    finally:
        cluster.down()


if __name__ == "__main__":
    try:
        code = runner.main(globals())
    finally:
        if cluster is not None and os.path.isdir(cluster.dir):
            cluster.down()
    sys.exit(code)
