#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Open311 GeoReport v2 as a client meets it: discovery, services, attributes, requests sent and
read in XML and JSON, errors in the standard's shape, keys and what each of them sees."""
import json
import os
import sys
import time
import xml.etree.ElementTree as tree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import distinct  # noqa: E402
import runner  # noqa: E402
from cluster import Cluster  # noqa: E402
from web import Web  # noqa: E402

STREET, COMMUNITY, OTHER = "990101002", "990101002003", "990101003"
LAT, LON = 39.1012345, 115.9312345
cluster = web = None
keys = {}


def get(path, expect=200, **headers):
    status, _, body = web.ask("GET", "/open311/" + path, headers=headers)
    assert status == expect, (path, status, body)
    return json.loads(body) if path.split("?")[0].endswith(".json") else tree.fromstring(body)


def post(fields, expect=201, kind="json", key="open311"):
    fields = {"service_code": "STREET_LIGHT", "lat": LAT, "long": LON, "description": distinct.words(),
              **({"api_key": keys[key]} if key else {}), **fields}
    fields = {k: v for k, v in fields.items() if v is not None}
    status, headers, body = web.form(f"/open311/v2/requests.{kind}", fields)
    assert status == expect, (fields, status, body)
    return (json.loads(body) if kind == "json" else tree.fromstring(body)), headers


def show(number):
    for _ in range(200):
        shown = cluster.whistle(STREET, "show", number, expect=None)[0]
        if "error" not in shown:
            return shown
        time.sleep(0.05)
    raise AssertionError(shown)


def reviewed(**fields):
    number = post(fields)[0][0]["service_request_id"]
    show(number)
    cluster.whistle(STREET, "review", number, "--approve")
    for _ in range(200):
        if show(number)["state"] == "DISPATCHED":
            return number
        time.sleep(0.05)
    raise AssertionError(show(number))


# ---- without a key --------------------------------------------------------------------------------

def test_discovery():
    found = get("discovery.json")
    assert found["endpoints"][0]["url"].endswith("/open311/v2"), found
    assert [f.text for f in get("discovery.xml").iter("format")] == ["text/xml", "application/json"]
    get("nothing.xml", 404)


def test_services_in_both_formats():
    rows, root = get("v2/services.json"), get("v2/services.xml")
    assert root.tag == "services"
    assert [s.find("service_code").text for s in root] == [r["service_code"] for r in rows]
    assert {tuple(r) for r in rows} == {
        ("service_code", "service_name", "description", "metadata", "type", "keywords", "group")}
    english = {r["service_code"]: r["service_name"] for r in get("v2/services.json?locale=en")}
    assert english["GAS_LEAK"] == "Smell of gas"
    assert get("v2/services.json", **{"Accept-Language": "en"}) == get("v2/services.json?locale=en")


def test_attributes_of_a_service():
    gas = get("v2/services/GAS_LEAK.json")
    assert [(a["code"], a["datatype"], a["required"], a["order"]) for a in gas["attributes"]] == [
        ("smell_where", "singlevaluelist", True, 1), ("evacuated", "singlevaluelist", False, 2),
        ("immobile", "number", False, 3)]
    root = get("v2/services/GAS_LEAK.xml")
    values = root.find("attributes")[0].find("values")
    assert [v.find("key").text for v in values] == ["户内", "楼道", "室外"]
    assert get("v2/services/NONE.json", 404)[0]["code"] == 404
    assert get("v2/services/NONE.xml", 404).find("error/code").text == "404"


def test_errors_have_the_standards_shape():
    for path, status in (("v2/requests.json?status=done", 400), ("v2/requests.json?start_date=2026", 400),
                         ("v2/requests.json?jurisdiction_id=elsewhere", 404), ("v2/nothing.json", 404),
                         ("v2/requests/AL-20200101-0001.json", 404), ("v2/requests/x.json", 404),
                         ("v2/tokens/123.json", 404), ("v2/requests.json?api_key=forged", 403),
                         ("v2/requests.json?start_date=2026-01-01T00:00:00Z"
                          "&end_date=2026-11-01T00:00:00Z", 400)):
        rows = get(path, status)
        assert set(rows[0]) == {"code", "description"} and rows[0]["code"] == status, (path, rows)
    for jurisdiction in ("990101", "AL"):
        get(f"v2/services.json?jurisdiction_id={jurisdiction}")


def test_sending_needs_a_key():
    assert post({}, 403, key=None)[0][0]["code"] == 403
    assert post({}, 403, key=None, kind="xml")[0].find("error/code").text == "403"
    assert post({"api_key": "whk_forged_forged"}, 403, key=None)[0][0]["code"] == 403


# ---- with a key -----------------------------------------------------------------------------------

def test_a_request_and_its_life():
    answer, headers = post({"first_name": "Jane", "last_name": "Roe", "phone": "13912345678",
                            "email": "jane@example.org", "address_string": "染坊街18号"})
    number = answer[0]["service_request_id"]
    assert headers["Location"].endswith(f"/requests/{number}.json") and answer[0]["service_notice"], answer
    shown = show(number)
    assert (shown["source"], shown["state"], shown["unit"], shown["asked_by"]) == (
        "OPEN311", "SUBMITTED", STREET, COMMUNITY), shown
    assert "13912345678" not in json.dumps(shown) and "Roe" not in json.dumps(shown)
    get(f"v2/requests/{number}.json", 404)  # nobody has looked at it
    sealed = json.dumps(cluster.whistle(STREET, "unseal", number, "--reason", "回访"), ensure_ascii=False)
    assert "Jane Roe" in sealed and "13912345678" in sealed and "jane@example.org" in sealed, sealed
    status = web.json("POST", "/api/v1/public/status",
                      {"number": number, "code": answer[0]["extended_attributes"]["code"]})
    assert status["card"]["state"] == "SUBMITTED", status
    cluster.whistle(STREET, "review", number, "--approve")
    for _ in range(200):
        if show(number)["state"] == "DISPATCHED":
            break
        time.sleep(0.05)
    row = get(f"v2/requests/{number}.json?extensions=true")[0]
    centre = next(u for u in district()["units"] if u["code"] == COMMUNITY)
    assert (row["lat"], row["long"]) == (centre["lat"], centre["lon"]), row
    assert row["status"] == "open" and "DISPATCHED" in row["status_notes"], row
    assert row["description"] is None and row["address"] is None and row["address_id"] == COMMUNITY, row
    assert row["requested_datetime"].endswith("T00:00:00+08:00"), row
    assert row["extended_attributes"] == {"state": "DISPATCHED"}, row
    lead = next(c for c in district()["categories"] if c["code"] == "STREET_LIGHT")["lead"]
    names = {b["code"]: b["zh"] for b in district()["departments"]}
    assert row["agency_responsible"].split("; ")[0] == names[lead], row
    assert get(f"v2/tokens/{number}.json") == [{"service_request_id": number, "token": number}]
    root = get(f"v2/requests/{number}.xml")
    assert root.find("request/service_request_id").text == number
    assert root.find("request/lat").text == str(centre["lat"])


def district():
    with open(cluster.district, encoding="utf-8") as file:
        return json.load(file)


def test_bad_forms():
    for fields, status, word in (({"service_code": None}, 400, "service_code"),
                                 ({"service_code": "NONE"}, 404, "service_code"),
                                 ({"service_code": "ELDER_CARE"}, 404, "service_code"),
                                 ({"lat": None, "long": None}, 400, "address_string"),
                                 ({"lat": None, "long": None, "address_string": "月球"}, 400, "address_string"),
                                 ({"lat": 1, "long": 1}, 400, "lat"), ({"lat": "x"}, 400, "lat"),
                                 ({"phone": "call me"}, 400, "phone"), ({"email": "nobody"}, 400, "email"),
                                 ({"description": "x" * 5001}, 400, "description"),
                                 ({"attribute[none]": "1"}, 400, "attribute"),
                                 ({"jurisdiction_id": "elsewhere"}, 404, "jurisdiction_id")):
        row = post(fields, status)[0][0]
        assert row["code"] == status and word in row["description"], (fields, row)
    status, _, body = web.ask("POST", f"/open311/v2/requests.json?api_key={keys['open311']}", b"{}",
                              {"Content-Type": "application/json"})
    assert status == 400 and "form" in body, body


def test_attributes_are_answers():
    number = post({"service_code": "GAS_LEAK", "attribute[smell_where]": "楼道",
                   "attribute[immobile]": "2"})[0][0]["service_request_id"]
    answers = {a["code"]: a["value"] for a in show(number)["answers"]}
    assert answers == {"smell_where": "楼道", "immobile": "2"}, answers
    cluster.whistle(STREET, "review", number, "--cancel", "--reason", "x")
    assert post({"service_code": "GAS_LEAK", "attribute[smell_where]": "天上"}, 400)[0][0]["code"] == 400
    post({"service_code": "GAS_LEAK"})  # a P1 is never stopped by a missing answer


def test_filters_and_pages():
    made = sorted((reviewed() for _ in range(5)), reverse=True)
    rows = [r["service_request_id"] for r in get("v2/requests.json")]
    assert rows[:5] == made, (rows, made)
    assert [r["service_request_id"] for r in get("v2/requests.json?page_size=2&page=2")] == rows[2:4]
    chosen = f"{made[3]},nonsense,AL-20200101-0001,{made[0]}"
    found = get(f"v2/requests.json?service_request_id={chosen}")
    assert [r["service_request_id"] for r in found] == [made[0], made[3]]
    assert get("v2/requests.json?service_request_id=nonsense") == []
    assert get("v2/requests.json?service_code=RUBBISH") == []
    assert len(get("v2/requests.json?service_code=RUBBISH,STREET_LIGHT")) == len(rows)
    assert get("v2/requests.json?status=closed") == []
    cluster.whistle(STREET, "withdraw", made[4], "--reason", "已修好")
    assert [r["service_request_id"] for r in get("v2/requests.json?status=closed")] == [made[4]]
    assert made[4] not in [r["service_request_id"] for r in get("v2/requests.json?status=open")]
    tomorrow = time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(time.time() + 3 * 86400))
    assert get(f"v2/requests.json?start_date={tomorrow}") == [], tomorrow
    assert len(get("v2/requests.xml")) == len(rows)


def test_who_sees_more_and_who_does_not():
    waits = post({})[0][0]["service_request_id"]
    show(waits)
    own = cluster.whistle(STREET, "raise", "--category", "RUBBISH", "--title", "街道自己吹的")[0]["number"]
    path = f"v2/requests.json?service_request_id={waits},{own}"
    assert get(path) == [] and get(path + f"&api_key={keys['open311']}") == []
    rows = get(path + f"&api_key={keys['all']}")
    assert sorted(r["service_request_id"] for r in rows) == sorted([waits, own]), rows
    row = get(f"v2/requests/{waits}.json?extensions=true&api_key={keys['all']}")[0]
    assert abs(row["lat"] - LAT) < 1e-5 and row["description"], row
    assert not row["requested_datetime"].endswith("T00:00:00+08:00"), row
    bearer = {"Authorization": "Bearer " + keys["all"]}
    assert get(f"v2/requests/{waits}.json", **bearer)[0]["description"]
    get(f"v2/requests/{waits}.json?api_key={keys['other']}", 404)  # another street's
    get(f"v2/requests/{waits}.json?api_key={keys['read']}", 404)  # of another use: sees as anybody
    assert post({}, 403, key="read")[0][0]["code"] == 403
    assert "place" in post({}, 403, key="other")[0][0]["description"]


def make_key(name, identity, *scopes):
    until = time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(time.time() + 30 * 86400))
    words = ["api-key", "new", "--for", identity, "--name", name, "--until", until,
             "--scope", ",".join(scopes)]
    keys[name] = cluster.whistle("DISTRICT", *words)[0]["key"]


def main():
    global cluster, web
    with Cluster(gateway=True) as cluster:
        web = Web(cluster.http)
        while web.ask("GET", "/open311/v2/services.json")[0] != 200:
            time.sleep(0.05)
        make_key("open311", "DISTRICT", "open311")
        make_key("all", STREET, "open311.all")
        make_key("other", OTHER, "open311.all")
        make_key("read", STREET, "read")
        return runner.main(globals())


if __name__ == "__main__":
    sys.exit(main())
