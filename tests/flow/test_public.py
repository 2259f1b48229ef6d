#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What people without a login touch: the resident's form, "reported already?", "I have that too",
number and code; limits that a P1 never meets; and that nothing else is seen by anybody: every route
that needs no login against a list of the fields it may show."""
import itertools
import json
import os
import random
import re
import sys
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import distinct  # noqa: E402
import runner  # noqa: E402
from cluster import Cluster  # noqa: E402
from web import Web  # noqa: E402

STREET, COMMUNITY, OTHER = "990101002", "990101002003", "990101001001"
# In every text, title, address, name and answer of this test; in no answer to anybody.
SECRET, PHONE, POINT = "暗记丙丁", "13912345678", "39.1012345"
LON = 115.9312345
cluster = web = ticket = None
addresses = (f"198.51.{a}.{b}" for a, b in itertools.product(range(256), range(1, 255)))


def report(**fields):
    return {"category": "STREET_LIGHT", "text": f"{SECRET} {distinct.words()}",
            "place": {"unit": COMMUNITY, "address": SECRET + distinct.words(8)}, "ticket": ticket, **fields}


def send(expect=201, address=None, headers=None, **fields):
    return web.json("POST", "/api/v1/public/reports", report(**fields), expect, headers,
                    address or next(addresses))


def status(number, code=None, expect=200, address=None):
    asked = {"number": number, **({"code": code} if code else {})}
    return web.json("POST", "/api/v1/public/status", asked, expect, address=address or next(addresses))


def approve(number, verdict="--approve"):
    cluster.whistle(STREET, "review", number, verdict, *([] if verdict == "--approve" else ["--reason", "x"]))


def settled(number, fine=lambda w: w["state"] not in ("SUBMITTED", "BLOWN")):
    for _ in range(200):
        shown = cluster.whistle(STREET, "show", number, expect=None)[0]
        if "error" not in shown and fine(shown):  # an error: dispatch has not heard of it yet
            return shown
        time.sleep(0.05)
    raise AssertionError(shown)


def reviewed(**fields):
    got = send(**fields)
    approve(got["number"])
    settled(got["number"])
    return got


def test_the_form():
    form = web.json("GET", "/api/v1/public/form")
    codes = {c["code"] for c in form["categories"]}
    with open(cluster.district, encoding="utf-8") as file:
        rows = {c["code"]: c for c in json.load(file)["categories"]}
    assert codes == {c for c, row in rows.items() if row.get("resident") and not row.get("sensitive")}
    gas = next(c for c in form["categories"] if c["code"] == "GAS_LEAK")
    assert gas["zh"] == "闻到燃气味" and gas["priority"] == "P1" and "开窗" in gas["advice_zh"], gas
    assert [q["code"] for q in gas["questions"]] == ["smell_where", "evacuated", "immobile"]
    assert COMMUNITY in {u["code"] for u in form["communities"]} and form["ticket"]


def test_a_report_waits_for_its_street_and_tells_its_reporter_only():
    got = send()
    assert re.fullmatch("[2-9A-HJ-NP-Z]{6}", got["code"]) and got["community"] == COMMUNITY, got
    assert "核实" in got["notice_zh"], got
    number, code = got["number"], got["code"]
    shown = settled(number, lambda w: w["state"] == "SUBMITTED")
    assert (shown["unit"], shown["asked_by"], shown["source"]) == (STREET, COMMUNITY, "WEB"), shown
    assert PHONE not in json.dumps(shown)
    own = status(number, code)
    assert own["unreviewed"] and own["card"]["state"] == "SUBMITTED" and own["next"] == "REVIEW", own
    assert status(number, code.lower())["card"]["number"] == number
    unknown = status(number, expect=404)
    assert unknown == status(number, "222222", expect=404) == status("AL-20200101-0001", code, expect=404)
    approve(number)
    settled(number)
    card = status(number)
    assert list(card) == ["card"] and set(card["card"]) == {"number", "category", "community", "day", "state"}
    own = status(number, code)
    assert own["bodies"][0]["part"] == "LEAD" and own["due_resolve"] and "unreviewed" not in own, own


def test_what_the_street_drops_is_never_public():
    got = send()
    settled(got["number"], lambda w: w["state"] == "SUBMITTED")
    approve(got["number"], "--cancel")
    settled(got["number"])
    status(got["number"], expect=404)
    assert status(got["number"], got["code"])["card"]["state"] == "CANCELLED"


def test_the_same_key_is_one_report():
    made = {"Idempotency-Key": uuid7()}
    body = report()
    first = web.json("POST", "/api/v1/public/reports", body, 201, made, next(addresses))
    again = web.json("POST", "/api/v1/public/reports", body, 201, made, next(addresses))
    assert first == again, (first, again)
    other = web.json("POST", "/api/v1/public/reports", {**body, "text": "另一件事"}, 422, made, next(addresses))
    assert other["rule"] == "request_id.reused", other
    web.json("POST", "/api/v1/public/reports", body, 400, {"Idempotency-Key": "no-uuid"}, next(addresses))


def uuid7():
    at = int(time.time() * 1000).to_bytes(6, "big")
    random_part = bytearray(os.urandom(10))
    random_part[0] = 0x70 | random_part[0] & 0x0F
    random_part[2] = 0x80 | random_part[2] & 0x3F
    return str(uuid.UUID(bytes=at + bytes(random_part)))


def test_robots_and_floods_but_never_a_p1():
    assert send(422, website="http://spam")["rule"] == "public.robot"
    for bad in ("", "x", "123.abc", web.json("GET", "/api/v1/public/form")["ticket"]):  # the last: too fast
        assert send(409, ticket=bad)["rule"] == "public.ticket"
    flooder = next(addresses)
    answers = [web.ask("POST", "/api/v1/public/reports", json.dumps(report()).encode(),
                       {"Content-Type": "application/json"}, flooder) for _ in range(14)]
    good = [a for a in answers if a[0] == 201]
    held = [a for a in answers if a[0] == 429]
    assert len(good) == 10 and len(held) == 4, [a[0] for a in answers]
    assert int(held[0][1]["Retry-After"]) > 0, held[0][1]
    urgent = send(address=flooder, category="GAS_LEAK", ticket="", website="x",
                  answers=[{"code": "smell_where", "value": "楼道"}])
    assert "110" in urgent["notice_zh"] and "开窗" in urgent["advice_zh"], urgent
    shown = settled(urgent["number"], lambda w: w["state"] == "SUBMITTED")
    assert shown["priority"] == "P1", shown
    cluster.whistle(STREET, "review", urgent["number"], "--cancel", "--reason", "演练")


def test_wrong_words_are_named():
    for fields, wanted in (({"category": "ELDER_CARE"}, "category"), ({"category": "BOUNDARY"}, "category"),
                           ({"place": {"unit": STREET}}, "place.unit"), ({"place": {}}, "place.unit"),
                           ({"place": {"lat": 1, "lon": 1}}, "place.lat"),
                           ({"text": "x" * 5001}, "text"), ({"title": "a\nb"}, "title"),
                           ({"answers": [{"code": "none", "value": "1"}]}, "answers[0].code"),
                           ({"priority": "P1"}, "priority"), ({"tags": ["x"]}, "tags")):
        got = send(400, **fields)
        assert got["field"] == wanted, (fields, got)


def test_reported_already_and_me_too():
    title = f"东门外第三盏路灯不亮{SECRET}"
    place = {"unit": COMMUNITY, "address": "柳营路18号东门", "lat": 39.1099, "lon": LON}
    first = reviewed(title=title, text="", place=place)
    asked = report(title=title, text="", place=place)
    for _ in range(100):
        matches = web.json("POST", "/api/v1/public/preview", asked,
                           address=next(addresses)).get("matches", [])
        if matches:
            break
        time.sleep(0.05)
    assert matches[0]["card"]["number"] == first["number"] and matches[0]["likely"], matches
    assert SECRET not in json.dumps(matches, ensure_ascii=False)
    too = web.json("POST", f"/api/v1/public/whistles/{first['number']}/me-too",
                   {"text": "完全不同的说法,看不清路", "ticket": ticket}, 201, address=next(addresses))
    assert too["number"] != first["number"] and too["code"] != first["code"], too
    approve(too["number"])
    shown = settled(too["number"], lambda w: w["state"] == "MERGED")
    assert shown["merged_into"] == first["number"], shown
    own = status(too["number"], too["code"])
    assert own["joined"] and own["card"]["state"] == "DISPATCHED", own
    web.json("POST", "/api/v1/public/whistles/AL-20200101-0009/me-too", {"ticket": ticket}, 404,
             address=next(addresses))


def test_the_list_of_a_community():
    mine = reviewed()
    waits = send()
    rows = web.json("GET", f"/api/v1/public/whistles?community={COMMUNITY}&limit=200")["whistles"]
    numbers = [r["number"] for r in rows]
    assert mine["number"] in numbers and waits["number"] not in numbers
    assert {r["community"] for r in rows} == {COMMUNITY}
    assert numbers == sorted(numbers, reverse=True)
    paged, cursor = [], ""
    while True:
        page = web.json("GET", f"/api/v1/public/whistles?community={COMMUNITY}&limit=2&cursor={cursor}")
        paged += [r["number"] for r in page.get("whistles", [])]
        cursor = page.get("cursor")
        if not cursor:
            break
    assert paged == numbers
    assert web.json("GET", f"/api/v1/public/whistles?community={OTHER}").get("whistles", []) == []
    web.json("GET", "/api/v1/public/whistles?community=nothing", expect=400)


# ---- nothing leaks ------------------------------------------------------------------------------

CARD = {"number", "category", "community", "day", "state"}
QUESTION = {"code", "zh", "en", "type", "values", "required", "min", "max"}
FORM = {"version", "now_at", "ticket", "categories", "communities", "code", "zh", "en", "priority",
        "advice_zh", "advice_en", "questions", "street", "street_zh", "street_en", "lat", "lon"} | QUESTION
PROBLEM = {"type", "title", "status", "code", "field", "rule", "detail", "request_id", "retry_after_s"}
OPEN311 = {"service_request_id", "status", "status_notes", "service_name", "service_code", "description",
           "agency_responsible", "service_notice", "requested_datetime", "updated_datetime",
           "expected_datetime", "address", "address_id", "zipcode", "lat", "long", "media_url",
           "extended_attributes", "state", "joined", "code", "token", "metadata", "type", "keywords", "group",
           "attributes", "variable", "datatype", "required", "datatype_description", "order", "values", "key",
           "name", "changeset", "contact", "key_service", "endpoints", "specification", "url", "formats"}
RECEIPT = {"number", "code", "community", "notice_zh", "notice_en", "advice_zh", "advice_en"}
# Every route that needs no login, and each field that it may show. What is not here must need one.
OPEN = {
    "GET /api/v1/public/form": FORM,
    "GET /api/v1/public/whistles": {"whistles", "cursor"} | CARD,
    "POST /api/v1/public/preview": {"matches", "card", "likely"} | CARD,
    "POST /api/v1/public/reports": RECEIPT,
    "POST /api/v1/public/whistles/{number}/me-too": RECEIPT,
    "POST /api/v1/public/status": {"card"} | CARD,
    "GET /open311/{name}": OPEN311, "GET /open311/v2/{name}": OPEN311,
    "GET /open311/v2/{name}/{id}": OPEN311, "POST /open311/v2/{name}": OPEN311,
    "GET /openapi.json": None, "GET /api/v1/rules": {"rules", "name", "status", "code", "zh", "en"},
}
# Without a login too, but about who is asking: a session's beginning, a one-time link's own task.
OWN = {"POST /api/v1/session", "GET /api/v1/session", "DELETE /api/v1/session"}


def fields_of(value):
    if isinstance(value, dict):
        return set(value) | set().union(*map(fields_of, value.values()), set())
    return set().union(*map(fields_of, value), set()) if isinstance(value, list) else set()


def operations():
    for path, row in web.json("GET", "/openapi.json")["paths"].items():
        for method, operation in row.items():
            if method in ("get", "post", "put", "delete", "patch"):
                yield f"{method.upper()} {path}", operation


def test_every_route_without_login_is_known():
    free = {name for name, operation in operations() if operation.get("security") == []}
    links = {name for name in free if "/link/" in name or "/links/" in name}
    assert free - links - OWN == set(OPEN), (free - links - OWN) ^ set(OPEN)


def test_every_other_route_asks_who():
    tried = 0
    for name, operation in operations():
        if operation.get("security") == []:
            continue
        method, path = name.split(" ")
        path = re.sub(r"\{[^}]*\}", planted["number"], path)
        answer = web.ask(method, path, b"{}" if method != "GET" else None,
                         {"Content-Type": "application/json"})
        assert answer[0] == 401 and set(json.loads(answer[2])) <= PROBLEM, (name, answer)
        tried += 1
    assert tried > 40, tried


def open_answers(number):
    """What anybody may be answered about anything, as text."""
    day = time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(time.time() - 80 * 86400))
    for path in ("/api/v1/public/form", "/api/v1/public/whistles?limit=200", "/open311/discovery.json",
                 "/open311/v2/services.json", "/open311/v2/services/GAS_LEAK.json",
                 "/open311/v2/requests.json", "/open311/v2/requests.xml",
                 f"/open311/v2/requests.json?start_date={day}&extensions=true", "/api/v1/rules",
                 f"/open311/v2/requests/{number}.json", f"/open311/v2/tokens/{number}.json"):
        yield "GET", path, web.ask("GET", path, address=next(addresses))[2]
    ask = {"number": number}
    yield "POST", "/api/v1/public/status", json.dumps(web.json(
        "POST", "/api/v1/public/status", ask, expect=200, address=next(addresses)), ensure_ascii=False)
    yield "POST", "/api/v1/public/preview", json.dumps(web.json(
        "POST", "/api/v1/public/preview", report(text=planted_text), address=next(addresses)),
        ensure_ascii=False)


def test_no_answer_shows_more_than_its_fields():
    template = {"/open311/discovery.json": "/open311/{name}"}
    for method, path, text in open_answers(planted["number"]):
        bare = path.split("?")[0]
        if bare.startswith("/open311/v2/"):
            bare = "/open311/v2/{name}" + ("/{id}" if bare.count("/") == 4 else "")
        allowed = OPEN[f"{method} {template.get(bare, bare)}"]
        if not path.endswith(".xml"):
            assert fields_of(json.loads(text)) <= allowed, (path, fields_of(json.loads(text)) - allowed)
        for secret in (SECRET, PHONE, POINT[:7], "reporter", planted_title):
            assert secret not in text, (path, secret)


def test_sensitive_ones_do_not_appear_at_all():
    line = {"unit": STREET, "category": "ELDER_CARE", "title": f"独居老人{SECRET}", "source": "WEB",
            "place": {"unit": COMMUNITY}, "text": distinct.words()}
    hidden = cluster.whistle(STREET, "raise", "--file", "-", "--no-wait",
                             stdin=json.dumps(line) + "\n")[0]["number"]
    approve(hidden)
    settled(hidden)
    for _, path, text in open_answers(planted["number"]):
        assert hidden not in text and "ELDER_CARE" not in text, path
    status(hidden, expect=404)
    assert web.ask("GET", f"/open311/v2/requests/{hidden}.json", address=next(addresses))[0] == 404
    assert web.ask("GET", "/open311/v2/services/ELDER_CARE.json")[0] == 404


def try_code(number, code, address):
    return web.ask("POST", "/api/v1/public/status", json.dumps({"number": number, "code": code}).encode(),
                   {"Content-Type": "application/json"}, address)


def test_forged_numbers_and_codes_open_nothing():
    chosen = random.Random(311)
    waits = send()["number"]
    day = waits[:11]
    leaks = 0
    for i in range(3000):
        number = waits if i % 3 == 0 else f"{day}-{chosen.randrange(9999):04d}"
        code = "".join(chosen.choices("23456789ABCDEFGHJKLMNPQRSTUVWXYZ", k=6))
        answer = try_code(number, code, f"203.0.{i % 250}.{i // 250}")
        leaks += answer[0] not in (404, 429) or "SUBMITTED" in answer[2]
    assert leaks == 0, leaks


def test_guessing_is_slowed():
    got, guesser = send(), next(addresses)
    answers = [try_code(got["number"], "222222", guesser)[0] for _ in range(25)]
    assert answers == [404] * 20 + [429] * 5, answers
    status(got["number"], got["code"], expect=429, address=guesser)  # also the right one, now
    assert status(got["number"], got["code"])["card"]["number"] == got["number"]  # its reporter elsewhere


def test_texts_stay_texts():
    for text in ("<script>alert(1)</script>", "'; DROP TABLE whistle; --", "=HYPERLINK(\"x\")",
                 "\\u0000%00{{7*7}}", "Robert\nSet-Cookie: x"):
        got = send(text=text + distinct.words())
        shown = settled(got["number"], lambda w: w["state"] == "SUBMITTED")
        assert shown["text"].startswith(text), shown["text"]
    answer = web.ask("GET", "/api/v1/public/whistles?community=%27%20OR%201=1--")
    assert answer[0] == 400 and "Set-Cookie" not in answer[1]


planted = planted_text = planted_title = None


def main():
    global cluster, web, ticket, planted, planted_text, planted_title
    env = {"WHISTLE_TRUSTED_PROXIES": "127.0.0.1", "WHISTLE_HOLD_S": "0"}
    with Cluster(gateway=True, joins=True, env=env) as cluster:
        web = Web(cluster.http)
        while web.ask("GET", "/api/v1/public/form")[0] != 200:  # until it has heard of the district
            time.sleep(0.05)
        ticket = web.json("GET", "/api/v1/public/form")["ticket"]
        time.sleep(2.1)  # nobody fills in a form faster
        planted_title, planted_text = "只有街道能看的标题" + SECRET, "只有街道能看的正文" + distinct.words()
        planted = reviewed(title=planted_title, text=planted_text,
                           reporter={"name": SECRET, "phone": PHONE},
                           place={"unit": COMMUNITY, "address": SECRET, "lat": float(POINT), "lon": LON})
        return runner.main(globals())


if __name__ == "__main__":
    sys.exit(main())
