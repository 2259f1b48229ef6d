#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The JSON interface: what it describes is what it does, in both directions; keys, preconditions, cursors,
languages; a service that is away; the published views against the door's own lists for every identity."""
import concurrent.futures
import json
import os
import random
import re
import sys
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import distinct  # noqa: E402
import jsonschema  # noqa: E402
import runner  # noqa: E402
from api import Api, new_key  # noqa: E402
from cluster import Cluster  # noqa: E402

STREET, OTHER, COMMUNITY = "990101003", "990101002", "990101003002"
OURS = re.compile(r"^(/api/v1/(whistles|tasks|preview|doubts|boards|map|notices|sheet|units|departments"
                  r"|categories|service-times|routing|status|health|dead-letters|rules)|/openapi.json)")
cluster = api = None


def raise_one(who=STREET, category="EBIKE_CHARGE", expect=201, key=True, **fields):
    body = distinct.apart({"unit": who, "category": category, "title": "工人新村7栋", "text": "请到场",
                           "place": {"unit": COMMUNITY, "address": "工人新村7栋", "lat": 39.1, "lon": 115.9},
                           **fields})
    reply = api.post(who, "/api/v1/whistles", body, key=key)
    assert reply.status == expect, reply
    return reply.json["ref"] if expect == 201 else reply


def dispatched(number, who=STREET):
    return runner.until(lambda: (w := api.get(who, f"/api/v1/whistles/{number}").json).get("tasks") and w)


def rule(reply):
    return reply.status, reply.json["rule"]


def test_the_document_is_sound():
    for name, schema in api.schemas.items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema.get("properties") is not None or schema.get("enum") or "type" in schema, name
    ids = [operation["operationId"] for _, _, operation in api.operations]
    assert len(ids) == len(set(ids)) and len(ids) > 60
    text = json.dumps(api.document)
    for ref in set(re.findall(r'"\$ref": "([^"]+)"', text)):
        api.resolve({"$ref": ref})


def test_every_described_route_is_there():
    """Without login: 401, or an answer where anybody may; never 404, never an open door."""
    for method, path, operation in api.operations:
        if not OURS.match(path):
            continue
        filled = re.sub(r"\{[^}]*\}", "AL-20200101-0001", path)
        reply = api.request(method.upper(), None, filled, {} if method == "post" else None)
        if operation["security"]:
            assert rule(reply) == (401, "login.needed"), (path, reply)
        else:
            assert reply.status == 200, (path, reply)
        for other in {"PUT", "DELETE"} - {m.upper() for m in api.document["paths"][path]}:
            reply = api.request(other, None, filled)
            assert rule(reply) == (405, "method.not_allowed"), reply
            assert method.upper() in reply.headers["Allow"], (path, other, reply.headers)
    assert rule(api.get(STREET, "/api/v1/nothing")) == (404, "path.unknown")


def test_a_journey_uses_every_route():
    """All of them answer well once, each in its schema, with nothing beyond it."""
    at = "/api/v1/whistles/"
    number = raise_one(tags=["x"], answers=[])
    whistle = dispatched(number)
    lead = next(t for t in whistle["tasks"] if t["part"] == "LEAD")["department"]
    others = [t["department"] for t in whistle["tasks"] if t["department"] != lead]
    task = f"/api/v1/tasks/{number}-{lead}"

    def good(reply):
        assert reply.status < 300, reply
        return reply

    for page in ("history", "tasks", "notices", "route", "matter", "similar"):
        good(api.get(STREET, at + number + "/" + page))
    for path in ("/api/v1/whistles?open=true&limit=5", "/api/v1/boards", "/api/v1/boards/open", "/api/v1/map",
                 "/api/v1/doubts", f"/api/v1/notices?number={number}", f"/api/v1/sheet?unit={STREET}",
                 "/api/v1/units", "/api/v1/departments", "/api/v1/categories", "/api/v1/service-times",
                 "/api/v1/routing", "/api/v1/routing/versions", "/api/v1/rules", "/openapi.json",
                 f"/api/v1/routing/explain?category=EBIKE_CHARGE&unit={COMMUNITY}&tags=x"):
        good(api.get(STREET, path))
    good(api.get(lead, "/api/v1/tasks?open=true"))
    good(api.get(lead, task))
    good(api.post(STREET, "/api/v1/preview", {"unit": STREET, "category": "EBIKE_CHARGE", "title": "x",
                                              "place": {"unit": COMMUNITY, "address": "x"}}))
    good(api.post(others[0], "/api/v1/tasks/sign", {"tasks": [f"{number}-{others[0]}"]}))
    good(api.post(lead, task + "/sign"))
    good(api.post(lead, task + "/delegate", {"officer": "F01"}))
    good(api.post(lead, task + "/check-in", {"method": "DESK"}))
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 20 * 86400))
    good(api.post(lead, task + "/extend", {"until_at": until, "reason": "料未到"}))
    good(api.post(STREET, task + "/extend/decide", {"decision": "APPROVED"}))
    refuser = f"/api/v1/tasks/{number}-{others[1]}"
    good(api.post(others[1], refuser + "/refuse", {"reason": "WRONG_OWNER", "basis": "条例",
                                                   "alternative": "WATER"}))
    good(api.post("DISTRICT", refuser + "/rule", {"verdict": "OVERRULED", "basis": "条例"}))
    good(api.post(STREET, at + number + "/add", {"departments": ["URBAN"], "reason": "还要清运"}))
    good(api.post(STREET, at + number + "/supplement", {"text": "又有两户"}))
    good(api.post(STREET, at + number + "/priority", {"priority": "P4", "reason": "需多方会商"}))
    runner.until(lambda: api.get(STREET, at + number).json["priority"] == "P4")
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60 * 86400))
    good(api.post(lead, task + "/ledger", {"plan": "分两期", "until_at": until}))
    good(api.post("DISTRICT", task + "/ledger/decide", {"decision": "DENIED", "reason": "先试"}))
    good(api.post(lead, task + "/report", {"outcome": "SOLVED", "text": "已清"}))
    good(api.post(STREET, task + "/rate", {"rating": "SATISFIED"}))
    good(api.post(lead, task + "/reply", {"text": "谢谢"}))
    good(api.post(COMMUNITY, at + number + "/opinion", {"rating": "SATISFIED", "text": "好"}))
    for department in [t["department"] for t in api.get(STREET, at + number).json["tasks"]]:
        if department != lead:
            one = f"/api/v1/tasks/{number}-{department}"
            good(api.post(department, one + "/check-in"))
            good(api.post(department, one + "/report", {"outcome": "SOLVED"}))
    good(api.post(STREET, at + number + "/confirm", {"verdict": "SOLVED", "rating": "SATISFIED"}))
    good(api.post(STREET, at + number + "/reopen", {"reason": "又来了"}))
    for _ in range(2):  # two persons rule it closed
        good(api.post("DISTRICT", at + number + "/rule-close", {"reason": "无法律依据", "officer": f"D{_}"}))
    review_and_more(good)
    operators(good)
    ours = {op["operationId"] for _, path, op in api.operations if OURS.match(path)}
    missing = ours - api.seen - {"TASK_LINK"}  # test_gateway_people tries that one
    assert not missing, missing


def review_and_more(good):
    at = "/api/v1/whistles/"
    first = raise_one(COMMUNITY, "RUBBISH", reporter={"name": "张三", "phone": "13800000000"})
    good(api.post(STREET, at + first + "/review", {"verdict": "RETURN", "reason": "地点不清", "officer": "S1"}))
    body = distinct.apart({"unit": COMMUNITY, "category": "RUBBISH", "title": "垃圾", "text": "一堆",
                           "place": {"unit": COMMUNITY, "address": "工人新村9栋"},
                           "reporter": {"name": "张三", "phone": "13800000000"}})
    good(api.post(COMMUNITY, at + first + "/resubmit", body))
    good(api.post(STREET, at + first + "/review", {"verdict": "APPROVE", "officer": "S1"}))
    dispatched(first)
    good(api.post(STREET, at + first + "/unseal", {"reason": "回访", "officer": "S1"}))
    unsealed = good(api.get(STREET, at + first + "/unsealed"))
    assert unsealed.json["reporter"]["phone"] == "13800000000"
    assert unsealed.headers["Cache-Control"] == "no-store"
    second = raise_one(category="RUBBISH")
    dispatched(second)
    good(api.post(STREET, at + second + "/join", {"into": first, "reason": "同一堆"}))
    runner.until(lambda: api.get(STREET, at + second).json["state"] == "MERGED")
    good(api.post(STREET, at + second + "/split", {"reason": "不是"}))
    runner.until(lambda: api.get(STREET, at + second).json["state"] != "MERGED")
    good(api.post(STREET, at + second + "/withdraw", {"reason": "误报"}))
    good(api.post(STREET, at + first + "/erase", {"reason": "本人要求"}))


def operators(good):
    good(api.get("DISTRICT", "/api/v1/status"))
    health = good(api.get("OPERATOR", "/api/v1/health")).json
    assert [s["answered"] for s in health["services"]] == [True] * 3
    assert good(api.get("OPERATOR", "/api/v1/dead-letters")).json["rows"] == []
    good(api.post("OPERATOR", "/api/v1/dead-letters/dispatch/1/retry"))
    routing = good(api.get("OPERATOR", "/api/v1/routing"))
    routes = routing.json["routes"]
    assert good(api.post("DISTRICT", "/api/v1/routing/check", {"routes": routes})).json["pairs"] > 0
    assert "holes" in api.post("DISTRICT", "/api/v1/routing/check", {"routes": routes[1:]}).json
    day = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + d * 86400)) for d in (-1, 1)]
    good(api.post("DISTRICT", "/api/v1/routing/simulate", {"routes": routes, "from_at": day[0],
                                                           "to_at": day[1]}))
    good(api.post("OPERATOR", "/api/v1/routing/preview", {"routes": routes}))
    assert rule(api.post("OPERATOR", "/api/v1/routing", {"routes": routes})) == (428, "match.needed")
    assert rule(api.post("OPERATOR", "/api/v1/routing", {"routes": routes}, If_Match='"routing.99"')) == \
        (412, "match.failed")
    good(api.post("OPERATOR", "/api/v1/routing", {"routes": routes}, If_Match=routing.headers["ETag"]))
    runner.until(lambda: api.get("OPERATOR",
                                 "/api/v1/routing").json["version"] == routing.json["version"] + 1)
    assert [v["version"] for v in api.get("OPERATOR", "/api/v1/routing/versions").json["versions"]] == [2, 1]


def test_what_is_required_is_required():
    """Every body without one of its needed fields is refused by that field's name."""
    number = raise_one()
    lead = next(t for t in dispatched(number)["tasks"] if t["part"] == "LEAD")["department"]
    who = {"TASK_RULE": "DISTRICT", "TASK_LEDGER_DECIDE": "DISTRICT", "WHISTLE_OPINION": COMMUNITY}
    seen = 0
    for method, path, operation in api.operations:
        schema = operation.get("requestBody", {}).get("content", {}).get("application/json",
                                                                         {}).get("schema", {})
        needs = schema.get("allOf", [{}, {}])[1].get("required", [])
        name = operation["operationId"]
        if not OURS.match(path) or not needs or name == "WHISTLE_RESUBMIT":  # that one asks the state first
            continue
        by = who.get(name, lead if path.startswith("/api/v1/tasks") and "decide" not in path
                     and name not in ("TASK_RATE",) else STREET)
        filled = re.sub(r"\{tasks?\}", f"{number}-{lead}", path).replace("{number}", number)
        reply = api.post(by, filled, {})
        assert reply.status == 400 and reply.json["field"].split(".")[0] in needs, (name, needs, reply)
        seen += 1
    assert seen >= 20


def test_one_key_one_effect():
    for key in (new_key(), str(uuid.uuid4()), "order-7731"):
        fields = {"title": "同一次", "place": {"unit": COMMUNITY, "address": "工人新村1栋"}}
        body = distinct.apart({"unit": STREET, "category": "RUBBISH", "text": "x", **fields})
        first = api.post(STREET, "/api/v1/whistles", body, key=key)
        again = api.post(STREET, "/api/v1/whistles", body, key=key)
        assert (first.status, first.json) == (again.status, again.json), (first, again)
        assert first.headers["Location"] == "/api/v1/whistles/" + first.json["ref"]
        assert rule(api.post(STREET, "/api/v1/whistles", {**body, "text": "y"}, key=key)) == \
            (422, "request_id.reused")
        # another one's key of the same text is another key
        other = api.post(OTHER, "/api/v1/whistles", {**body, "unit": OTHER, "place": {
            "unit": OTHER + "001", "address": "x"}}, key=key)
        assert other.status == 201 and other.json["ref"] != first.json["ref"], other
    assert rule(api.post(STREET, "/api/v1/whistles", body, key=None)) == (400, "idempotency.missing")
    for bad in ("a b", "x" * 129, "中"):
        reply = api.post(STREET, "/api/v1/whistles", body, key=bad.encode("utf-8") if bad == "中" else bad)
        assert rule(reply) == (400, "idempotency.format"), reply


def test_bodies():
    at = "/api/v1/whistles"
    for raw, field in (('{"unit":1}', "unit"), ('{"priority":"P9"}', "priority"), ('{"place":{"lat":"x"}}',
                                                                                   "place.lat"),
                       ('{"nothing":1}', "nothing"), ('{"unit":"a","unit":"b"}', "unit"),
                       ('{"tags":"x"}', "tags"), ('{"due":null}', "due")):
        reply = api.post(STREET, at, raw=raw)
        assert reply.status == 400 and reply.json["field"] == field, (raw, reply)
    for raw in ("[]", "{", "1", '{"a":1}x', "\ufeff{}"):
        assert api.post(STREET, at, raw=raw).status == 400
    assert rule(api.post(STREET, at, raw="unit=1", Content_Type="text/plain")) == (415, "media_type")
    assert api.post(STREET, at, raw='{"text":"' + "x" * 70000 + '"}').status == 413
    assert rule(api.get(STREET, at + "?nothing=1")) == (400, "field.unknown")
    assert rule(api.get(STREET, at + "?open=perhaps")) == (400, "field.format")
    assert rule(api.get(STREET, at + "?limit=1&limit=2")) == (400, "field.count")
    assert rule(api.get(STREET, at + "?cursor=%27%3Bdrop")) == (400, "field.format")
    # a body may repeat what the path says, not say otherwise
    number = raise_one()
    dispatched(number)
    reply = api.post(STREET, f"{at}/{number}/withdraw", {"number": "AL-20200101-0001", "reason": "x"})
    assert rule(reply) == (400, "field.format") and reply.json["field"] == "number"
    assert api.post(STREET, f"{at}/{number}/withdraw", {"number": number, "reason": "x"}).status == 200


def test_preconditions():
    number = raise_one()
    lead = next(t for t in dispatched(number)["tasks"] if t["part"] == "LEAD")["department"]
    path, task = f"/api/v1/whistles/{number}", f"/api/v1/tasks/{number}-{lead}"
    time.sleep(1.1)  # past what was shown a moment ago
    etag = api.get(STREET, path).headers["ETag"]
    assert api.get(STREET, path, If_None_Match=etag).status == 304
    assert api.get(STREET, path, If_None_Match='"other", W/' + etag).status == 304
    assert api.get(STREET, path, If_None_Match='"other"').status == 200
    of_task = api.get(lead, task).headers["ETag"]
    assert api.post(lead, task + "/sign", If_Match=of_task).status == 200
    assert api.get(STREET, path, If_None_Match=etag).status == 200
    assert rule(api.post(lead, task + "/check-in", If_Match=of_task)) == (412, "match.failed")
    assert api.get(lead, task).json["state"] == "SIGNED"
    assert api.post(lead, task + "/check-in", If_Match=api.get(lead, task).headers["ETag"]).status == 200
    assert api.get(STREET, path).json["state"] == "ACTIVE"  # what one did is seen at once
    assert rule(api.post(OTHER, path + "/withdraw", {"reason": "x"}, If_Match="*"))[0] == 403


def test_pages_and_links():
    wanted = {raise_one(category="RUBBISH") for _ in range(5)}
    runner.until(lambda: wanted <= {w["number"] for w in
                                    api.get(STREET, "/api/v1/whistles?limit=100").json["whistles"]})
    for path, key, name in (("/api/v1/whistles?open=true&limit=2", "whistles", "number"),
                            ("/api/v1/boards/open?limit=2", "rows", "number")):
        seen = []
        while path:
            reply = api.get(STREET, path)
            seen += [row[name] for row in reply.json.get(key, [])]
            link = reply.headers.get("Link", "")
            assert bool(link) == bool(reply.json.get("cursor")), reply
            path = re.match(r'<([^>]+)>; rel="next"', link).group(1) if link else None
        assert len(seen) == len(set(seen)) and wanted <= set(seen)


def test_languages():
    path = "/api/v1/whistles/AL-20200101-0001"
    for accept, word in (("en", "not found"), ("zh-CN", "没有找到"), (None, "没有找到"), ("fr", "没有找到")):
        reply = api.get(STREET, path, Accept_Language=accept)
        assert rule(reply) == (404, "not_found") and word in reply.json["title"], reply


def test_a_service_away():
    """Asked while dispatch is away: later, nothing lost; the same key then has one effect."""
    number = raise_one()
    lead = next(t for t in dispatched(number)["tasks"] if t["part"] == "LEAD")["department"]
    task, key = f"/api/v1/tasks/{number}-{lead}", "sign-" + number
    cluster.processes["dispatch"].stop()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        health = pool.submit(api.get, "OPERATOR", "/api/v1/health")
        reply = api.post(lead, task + "/sign", key=key)
    assert reply.status == 503 and int(reply.headers["Retry-After"]) > 0, reply
    assert "Nothing was lost" in reply.json["title"] or reply.json["rule"].startswith("busy."), reply
    assert [s.get("answered", False) for s in health.result().json["services"]] == [True, True, False]
    cluster.start_service("dispatch")
    cluster.processes["gateway"].stop()
    cluster.start_service("gateway")
    first = runner.until(lambda: (r := api.post(lead, task + "/sign", key=key)).status == 200 and r)
    assert api.post(lead, task + "/sign", key=key).json == first.json
    kinds = [line["kind"] for line in api.get(STREET, f"/api/v1/whistles/{number}/history").json["lines"]]
    assert kinds.count("TaskSigned") == 1, kinds


def numbers_of(who, path, key):
    found, first = set(), path
    while path:
        reply = api.get(who, path)
        assert reply.status == 200, (who, reply)
        found |= {row["number"] for row in reply.json.get(key, [])}
        cursor = reply.json.get("cursor")
        path = f"{first}&cursor={cursor}" if cursor else None
    return found


def test_views_show_what_the_door_shows():
    """On random data: for every kind of identity the published views and the door's own list agree, and who
    says nothing of itself sees nothing."""
    rng = random.Random(7)
    streets = {OTHER: OTHER + "001", STREET: COMMUNITY, "990101001": "990101001001"}
    for _ in range(25):
        street = rng.choice(list(streets))
        community = streets[street]
        who = rng.choice([street, street, community])
        fields = {"place": {"unit": community, "address": "路口"}}
        if who == street and rng.random() < 0.2:
            fields["joint_units"] = [rng.choice([s for s in streets if s != street])]
        if who == street and rng.random() < 0.2:
            fields["asked_by"] = community
        raise_one(who, rng.choice(["RUBBISH", "EBIKE_CHARGE"]), **fields)
    time.sleep(0.5)
    identities = list(streets) + list(streets.values()) + ["990101002002", "FIRE", "HOUSING", "URBAN",
                                                           "WATER",
                                                           "DISTRICT"]
    sizes = set()
    for who in identities:
        if cluster.whistle(who, "list", "--limit", "1", expect=None) is None:
            continue
        door = numbers_of(who, "/api/v1/whistles?open=true&limit=100", "whistles")
        board = numbers_of(who, "/api/v1/boards/open?limit=200", "rows")
        merged = {n for n in door - board if api.get(who, f"/api/v1/whistles/{n}").json["state"] == "MERGED"}
        assert board == door - merged, (who, board ^ door)
        assert api.get(who, "/api/v1/boards").json.get("open", 0) == len(board), who
        assert {f["properties"]["number"] for f in api.get(who, "/api/v1/map").json["features"]} == board, who
        sizes.add(len(board))
    assert len(sizes) > 3, sizes
    see = "SELECT count(*) FROM dispatch.v_whistle UNION ALL SELECT count(*) FROM dispatch.v_task"
    assert cluster.sql(see, user="whistle_gateway") == [["0"], ["0"]]
    for said in ("whistle.parties = ''", "whistle.parties = '{}'", "whistle.party = '0'",
                 "whistle.everything = 'off'",
                 "whistle.parties = '{0}'"):
        assert cluster.sql(f"SET {said}; {see}", user="whistle_gateway") == [["0"], ["0"]], said


if __name__ == "__main__":
    with Cluster(gateway=True, env={"WHISTLE_DOOR_WAIT_S": "3"}) as cluster:
        runner.until(lambda: cluster.sql("SELECT 1", user="whistle_gateway"))
        api = Api(cluster)
        runner.until(lambda: api.get(STREET, "/api/v1/units").status == 200)
        code = runner.main(globals())
    sys.exit(code)
