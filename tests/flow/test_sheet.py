#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The handover sheet: it says what list, tasks, show and notices say, for whoever asks and for the key
that writes everybody's; it shows nobody more than his own key does; on paper it keeps its width and
length; the hourly files are whole at any moment, outlive the services and say how old they are."""
import html
import json
import os
import re
import subprocess
import sys
import threading
import time
import unicodedata

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import distinct  # noqa: E402
import runner  # noqa: E402
from cluster import DISTRICT, TOP, Cluster  # noqa: E402

ENDED = ("CONFIRMED", "CANCELLED")
PHONE = "13812345678"
cluster = None


def hasty_district():
    """The demo district; nobody signs in time, and desks have telephones."""
    with open(DISTRICT) as file:
        data = json.load(file)
    for row in data["service_times"]:
        if row["set"] == "normal" and row["priority"] == "P1":
            row["sign"], row["escalate_unsigned"] = "PT1S", ["PT1S", "PT2S", "PT3S", "PT4S"]
    for desk in data["desks"]:
        if desk["body"] in ("GASCO", "FIRE"):
            desk["contacts"][0]["channels"].insert(0, f"sms:{PHONE}")
    path = f"/tmp/whistle-sheet-{os.getpid()}.json"
    with open(path, "w") as file:
        json.dump(data, file, ensure_ascii=False)
    return path, data


def pages(who, *words, array):
    """All rows of a list, page by page."""
    rows, cursor = [], None
    while True:
        page = cluster.whistle(who, *words, *(["--cursor", cursor] if cursor else []))[0]
        rows += page[array]
        cursor = page.get("cursor")
        if not cursor:
            return rows


def sheet(who, unit, *words, expect=0):
    return cluster.whistle(who, "export", "--sheet", unit, *words, expect=expect)[0]


def shape(who, unit, *words):
    done = subprocess.run([*cluster.command(who), "export", "--sheet", unit, *words], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def as_it_was(row):
    """What it may be the same as, as that was judged: `show` looks the other one up, a sheet does not."""
    if not isinstance(row, dict) or "perhaps" not in row:
        return row
    looked_up = ("title", "text", "state", "offer", "resolved_at")
    perhaps = [{k: v for k, v in one.items() if k not in looked_up} for one in row["perhaps"]]
    return {**{k: v for k, v in row.items() if k != "offer"}, "perhaps": perhaps}


def still(rows):
    """Without what another moment would say otherwise."""
    text = json.dumps(as_it_was(rows), sort_keys=True)
    return re.sub(r'"overdue": \[[^]]*\]', '""', text)


def same(rows, others, who):
    for a, b in zip(rows, others):
        a, b = still(a), still(b)
        at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), None)
        assert a == b, (who, a[max(0, at - 200):at + 60], b[max(0, at - 60):at + 60])
    assert len(rows) == len(others), who


def parties(kind):
    return [r["code"] for r in data[kind]]


def streets():
    return [u["code"] for u in data["units"] if u["level"] in ("subdistrict", "town", "township")]


def between(who, unit, read, *words):
    """A sheet and what `read` tells, both of one moment: the journal's head before is the one after."""
    for _ in range(40):
        first, told, last = sheet(who, unit, *words), read(), sheet(who, unit, *words)
        if first["dispatch"] == last["dispatch_until"]:
            return last, told
        time.sleep(0.2)
    raise AssertionError("the journal does not rest")


def test_sheet_says_what_the_lists_say():
    communities = [u["code"] for u in data["units"] if u["level"] in ("community", "village")]
    late_seen = 0
    for who in streets() + communities[:1] + parties("departments")[:8] + ["GASCO", "FIRE"]:
        if who == "LEADER" or not os.path.exists(f"{cluster.dir}/keys/{who}.key"):
            continue
        department = who in parties("departments")

        def read():
            tasks = [pages(who, "tasks", of, "--department", who, array="tasks") if department else []
                     for of in ("--open", "--overdue")]
            return pages(who, "list", "--open", array="whistles"), sheet("SHEETS", who), *tasks

        for _ in range(5):  # until no clock runs out between two reads
            own, (listed, written, tasks, overdue) = between(who, who, read)
            late = {c["task"] for c in own["late"] if c.get("task", "").endswith("-" + who)}
            if not department or late == {t["id"] for t in overdue}:
                break
        assert sorted(r["whistle"]["number"] for r in own["whistles"]) == sorted(w["number"] for w in listed)
        same(own["whistles"], written["whistles"], who)
        if not department:
            continue
        mine = [t["id"] for r in own["whistles"] for t in r["whistle"].get("tasks", [])
                if t["department"] == who and t["state"] not in ENDED]
        assert sorted(mine) == sorted(t["id"] for t in tasks), who
        assert late == {t["id"] for t in overdue}, (who, late, overdue)
        late_seen += len(late)
    assert late_seen > 0, "nothing late: the test saw nothing"


def test_sheet_has_everything_whole():
    def read():
        listed = pages("DISTRICT", "list", "--open", array="whistles")
        numbers = [w["number"] for w in listed]
        return (sheet("SHEETS", "990101"), {n: cluster.whistle("DISTRICT", "show", n)[0] for n in numbers},
                {n: pages("DISTRICT", "notices", n, array="notices") for n in numbers},
                cluster.sql("SELECT epoch, seq, encode(hash, 'hex') FROM dispatch.head")[0],
                cluster.sql("SELECT seq, encode(hash, 'hex') FROM dispatch.cursor WHERE feed = 'dedup'")[0])

    whole, (written, shown, notices, heads, taken) = between("DISTRICT", "DISTRICT", read)
    assert {r["whistle"]["number"] for r in whole["whistles"]} == set(shown)
    same(whole["whistles"], written["whistles"], "990101")
    for row in whole["whistles"]:
        number = row["whistle"]["number"]
        assert still(row["whistle"]) == still(shown[number]), number
        assert row.get("notices", []) == notices[number], number
    assert whole["dispatch"]["head"] == f"{heads[0]}/{heads[1]}:{heads[2]}"
    assert whole["dedup"]["head"] == f"{taken[0]}:{taken[1]}"
    called = {t["department"] for w in shown.values() for t in w.get("tasks", [])
              if t["state"] != "CANCELLED"}
    desks = {d["body"]: d for d in whole["desks"]}
    assert called <= set(desks) and "DISTRICT" in desks and len(desks) == len(whole["desks"])
    assert all(":" not in c for d in desks.values() for k in d["contacts"] for c in k["channels"])
    now = whole["as_of_at"]
    clocks = [c for r in whole["whistles"] for c in r.get("clocks", [])]
    assert sorted(c["due_at"] for c in clocks if c["due_at"] < now) == [c["due_at"] for c in whole["late"]]
    assert [c["due_at"] for c in whole["soon"]] == sorted(c["due_at"] for c in whole["soon"])
    assert all(c["due_at"] >= now for c in whole["soon"]) and whole["soon"]
    wide = sheet("DISTRICT", "DISTRICT", "--hours", "168")
    assert len(wide["soon"]) > len(whole["soon"])


def test_nobody_sees_more():
    street, other = streets()[:2]
    for who, unit in ((street, other), ("GASCO", "FIRE"), ("GASCO", "DISTRICT"), (street, "990101")):
        assert sheet(who, unit, expect=1)["error"]["rule"] == "scope.foreign", (who, unit)
    assert sheet("SHEETS", "NOBODY", expect=1)["error"]["field"] == "unit"
    below = next(u["code"] for u in data["units"] if u.get("parent") == street)
    assert sheet(street, below)["unit"] == below
    number = cluster.whistle("DISTRICT", "list", "--open")[0]["whistles"][0]["number"]
    for words in (("list",), ("show", number), ("history", number), ("notices", number), ("tasks",),
                  ("sign", number + "-GASCO"), ("check",), ("unseal", number, "--reason", "x"),
                  ("withdraw", number, "--reason", "x")):
        assert cluster.whistle("SHEETS", *words, expect=1)[0]["error"]["status"] == 403, words
    assert cluster.whistle("NOTIFIER", "export", "--sheet", "GASCO", expect=1)[0]["error"]["status"] == 403


def columns(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
               for c in line)


def test_paper():
    for words, lang in ((("DISTRICT", "DISTRICT"), "zh"), (("990101002", "990101002"), "en")):
        rows = sheet(*words)["whistles"]
        text = shape(*words, "--format", "text", "--lang", lang)
        page = shape(*words, "--lang", lang)
        for row in rows:
            assert row["whistle"]["number"] in text and row["whistle"]["number"] in page
            assert html.escape(row["whistle"]["title"]) in page.replace("&#x27;", "'")
        sides = text.split("\f")
        assert all(len(side.rstrip("\n").split("\n")) <= 60 for side in sides), "a page is too long"
        assert max(columns(line) for side in sides for line in side.splitlines()[1:]) <= 80
        assert all(f"{i + 1}" in side.splitlines()[0] and f"{len(sides)}" in side.splitlines()[0]
                   for i, side in enumerate(sides))
        for shown in (re.sub(r"[0-9a-f]{64}", "", text), re.sub(r"[0-9a-f]{64}", "", page)):
            assert PHONE not in shown and "sealed" not in shown and not re.search(r"1[3-9]\d{9}", shown)
        assert "<script" not in page and "src=" not in page and "http" not in page
        assert "@page{size:A4" in page and "table-header-group" in page and "break-inside:avoid" in page
    assert "签名" in shape("DISTRICT", "DISTRICT", "--lang", "zh")


def test_phones_come_from_the_operators_book():
    book = cluster.dir + "/phones.csv"
    with open(book, "w") as file:
        file.write("# duty telephones\nDISTRICT,0,8800-1\r\nDISTRICT,2,8800-3\nFIRE,119\n")
    text = shape("DISTRICT", "DISTRICT", "--format", "text", "--phones", book)
    desks = [line for line in text.splitlines() if re.search(r"8800-\d| 119$", line)]
    assert len(desks) == 3 and "8800-2" not in text, desks


def test_injection_stays_text():
    evil = "</td><script>alert(1)</script> \"&' }@page{"
    cluster.whistle("990101002", "raise", "--category", "GAS_LEAK", "--title", evil, "--address",
                    "<b>染坊街</b>", "--answer", "smell_where=楼道")
    runner.until(lambda: evil in [r["whistle"]["title"] for r in sheet("990101002", "990101002")["whistles"]])
    page = shape("990101002", "990101002")
    assert "<script" not in page and "<b>染" not in page and "&lt;script&gt;" in page


def test_many_pages():
    vendors = [{"category": "STREET_VENDOR", "title": distinct.words(8), "text": distinct.words(4000),
                "place": {"address": f"染坊街{n}号"}} for n in range(1, 241)]
    lines = [json.dumps(vendor, ensure_ascii=False) for vendor in vendors]
    cluster.whistle("990101003", "raise", "--file", "-", stdin="\n".join(lines) + "\n")
    began = time.monotonic()
    rows = sheet("SHEETS", "990101003")["whistles"]
    print(f"     {len(rows)} whistles with long texts: {time.monotonic() - began:.2f} s")
    assert len(rows) >= 240
    assert {r["whistle"]["number"] for r in rows} == {
        w["number"] for w in pages("990101003", "list", "--open", "--limit", "100", array="whistles")}


def start_hourly(folder, *more):
    return subprocess.Popen(
        [*cluster.command("SHEETS"), "export", "--sheets", folder, "--every", "1s", "--timeout", "2", *more],
        stdout=subprocess.DEVNULL, user=cluster.user, group=cluster.group, cwd=cluster.dir)


def state(folder):
    try:
        with open(folder + "/sheets.json") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def test_hourly_files():
    folder = cluster.dir + "/sheets"
    writer = start_hourly(folder, "--keep", "3s")
    torn, stop = [], threading.Event()

    def reader():
        while not stop.is_set():
            if seen := state(folder).get("written_ms"):
                with open(folder + "/sheets.prom") as file:
                    told = int(re.search(r"^whistle_sheets_written_seconds (\d+)$", file.read(), re.M)[1])
                if told < seen // 1000:
                    torn.append(f"sheets.prom of {told}, sheets.json of {seen}")
            for name in os.listdir(folder) if os.path.isdir(folder) else ():
                if name.endswith(".html") and not name.startswith("."):
                    with open(f"{folder}/{name}") as file:
                        text = file.read()
                    if not text.startswith("<!DOCTYPE") or not text.endswith("</html>\n"):
                        torn.append(name)

    thread = threading.Thread(target=reader)
    thread.start()
    try:
        runner.until(lambda: state(folder).get("good"), 30)
        for code in streets() + parties("departments"):
            for end in ("html", "txt"):
                assert os.path.exists(f"{folder}/{code}.{end}"), code
        first = state(folder)
        assert first["units"] == len(streets()) + len(parties("departments"))
        assert sheet("GASCO", "GASCO")["whistles"], "nothing to show"
        cluster.processes["dispatch"].kill()
        runner.until(lambda: state(folder).get("good") is False, 30)
        down = state(folder)
        assert down["why"] and os.path.exists(folder + "/GASCO.html")
        silent = subprocess.run([*cluster.command("GASCO"), "export", "--sheet", "GASCO", "--timeout", "1",
                                 "--sheets-folder", folder, "--lang", "en"], capture_output=True, text=True)
        assert silent.returncode == 3 and f"{folder}/GASCO.html" in silent.stderr, silent.stderr
        cluster.start_service("dispatch")
        runner.until(lambda: state(folder)["good"] and state(folder)["written_ms"] > down["written_ms"], 30)
        with open(folder + "/sheets.prom") as file:
            assert "whistle_sheets_good 1" in file.read()
        runner.until(lambda: time.time() - min(os.stat(f"{folder}/archive/{n}").st_mtime
                                               for n in os.listdir(folder + "/archive")) < 30, 10)
    finally:
        stop.set()
        thread.join()
        writer.terminate()
        code = writer.wait(10)
    assert code == 0 and not torn, (code, torn[:5])
    assert all(os.stat(f"{folder}/GASCO.{e}").st_mode & 0o007 == 0 for e in ("html", "txt"))


def doctor(folder):
    told = cluster.whistle("OPERATOR", "doctor", "--sheets-folder", folder, expect=None)[0]
    return next(c for c in told["checks"] if c["check"] == "sheets")


def test_old_files_are_told():
    folder = cluster.dir + "/aged"
    cluster.sh([*cluster.command("SHEETS"), "export", "--sheets", folder, "--once"])
    assert doctor(folder)["good"] is True
    now = state(folder)
    now["written_ms"] -= 2 * 3600 * 1000 + 60000
    with open(folder + "/sheets.json", "w") as file:
        json.dump(now, file)
    assert doctor(folder)["good"] is False
    assert doctor(cluster.dir + "/none")["good"] is False
    wrong = cluster.whistle("SHEETS", "export", "--sheets", folder, "--every", "often", expect=2)
    assert wrong[0]["error"]["field"] == "every"


if __name__ == "__main__":
    path, data = hasty_district()
    try:
        with Cluster(district=path, joins=True) as cluster:
            cluster.start_notify()
            played = subprocess.run(
                [sys.executable, TOP + "/deploy/demo/journeys.py", "--whistle", cluster.whistle_script(),
                 "--district", TOP + "/deploy/demo/district.json"], capture_output=True, text=True)
            if played.returncode != 0:
                print(played.stdout, played.stderr)
            code = runner.main(globals()) or played.returncode
    finally:
        os.unlink(path)
    sys.exit(code)
