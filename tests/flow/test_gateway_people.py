#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""People at the gateway, as they and their attackers meet it: logging in, sessions, posts and deputies,
        keys
of programs, one-time links; guessing, foreign pages, fixed and stolen cookies, forged and ended links."""
import json
import os
import re
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import runner  # noqa: E402
from browse import Browser  # noqa: E402
from cluster import Cluster  # noqa: E402

STREET, OTHER = "990101002", "990101003"
cluster = None
people = {}


def wh(who, *words, **options):
    return cluster.whistle(who, *words, **options)


def add(code, at, role, who="OPERATOR", **more):
    words = [w for name, value in more.items() for w in ("--" + name.replace("_", "-"), value)]
    made = wh(who, "person", "add", code, "--name", "张三" + code, "--at", at, "--post", role, *words)[0]
    people[code] = made["password"]
    return made


def browser(code=None, **options):
    b = Browser(cluster.http, **options)
    if code:
        answer = b.login(code, people[code])
        assert answer.status == 200, answer.text
    return b


def later(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def journal(kind):
    return cluster.sql(f"SELECT count(*) FROM gateway.journal WHERE kind = {kind}")[0][0]


# ---- logging in -----------------------------------------------------------------------------------------


def test_a_person_logs_in_and_is_who_they_are():
    add("zhang", STREET, "STREET_OPERATOR")
    b = browser()
    answer = b.login("zhang", people["zhang"])
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-whistle=") and "Secure" in cookie and "HttpOnly" in cookie, cookie
    assert "SameSite=Strict" in cookie and "Domain" not in cookie and "Path=/" in cookie, cookie
    me = b.get("/api/v1/session").json()
    assert me["person"]["code"] == "zhang" and me["post"]["identity"] == STREET, me
    assert me["person"]["temporary"] is True and len(me["csrf_token"]) == 32, me
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_what_they_raise_is_their_units_and_their_own():
    b = browser("zhang")
    answer = b.post("/api/v1/whistles", {"unit": STREET, "category": "FIRE_LANE", "title": "消防通道被堵",
                                         "place": {"address": "染坊街 1 号"}}, Idempotency_Key="a-1")
    assert answer.status == 201, answer.text
    number = answer.json()["ref"]
    again = b.post("/api/v1/whistles", {"unit": STREET, "category": "FIRE_LANE", "title": "消防通道被堵",
                                        "place": {"address": "染坊街 1 号"}}, Idempotency_Key="a-1")
    assert again.json()["ref"] == number
    runner.until(lambda: "zhang" in json.dumps(wh(STREET, "history", number, expect=None)), 10)


def test_wrong_and_unknown_are_the_same_answer():
    add("li", "GASCO", "DUTY_DESK")
    wrong, unknown = browser().login("li", "not-the-password"), browser().login("nobody",
            "not-the-password")
    assert wrong.status == unknown.status == 401
    assert wrong.json() == unknown.json() and wrong.json()["rule"] == "login.failed"
    for body in ({}, {"login": "li"}, {"login": "li", "password": "x" * 5000}, {"login": "' OR 1=1 --",
            "password": "x"},
                 {"login": "li", "password": {"$ne": 1}}):
        assert browser().post("/api/v1/session", body).status in (400, 401, 429), body


def test_guessing_is_slowed_and_the_owner_comes_in():
    add("wang", "GASCO", "OFFICER")
    known = browser("wang", address="127.0.1.1")
    statuses = [browser(address="127.0.1.2").login("wang", f"guess-{i}").status for i in range(9)]
    assert statuses[:5] == [401] * 5 and 429 in statuses, statuses
    told = browser(address="127.0.1.2").login("wang", people["wang"])  # also the right one waits now
    assert told.status == 429 and int(told.headers["retry-after"]) >= 1, told.text
    assert known.get("/api/v1/session").status == 200
    assert browser("wang", address="127.0.1.1").cookie  # from where they were before
    # many addresses, a few guesses each: the login itself is limited, but not for the known address
    statuses = [browser(address=f"127.0.2.{i}").login("wang", "guess").status for i in range(1, 40)]
    assert 429 in statuses, statuses
    assert browser("wang", address="127.0.1.1").cookie


def test_an_address_that_tries_many_names_is_slowed():
    statuses = []
    for i in range(70):
        statuses.append(browser(address="127.0.3.1").login(f"name{i}", "password-x").status)
    assert statuses.count(429) > 5 and statuses[:30].count(401) == 30, statuses


def test_unknown_names_take_as_long():
    add("timing", "GASCO", "OFFICER")

    def spent(login, address):
        best = 9.0
        for _ in range(4):
            began = time.monotonic()
            assert browser(address=address).login(login, "wrong-password").status == 401
            best = min(best, time.monotonic() - began)
        return best

    known, unknown = spent("timing", "127.0.4.1"), spent("noone", "127.0.4.2")
    print(f"     known {known * 1000:.1f} ms, unknown {unknown * 1000:.1f} ms")
    assert 0.5 < known / unknown < 2, (known, unknown)


# ---- cookies and pages ----------------------------------------------------------------------------------


def test_a_fixed_cookie_is_not_taken_over():
    victim = browser()
    victim.cookie = "__Host-whistle=" + "A" * 43
    assert victim.login("zhang", people["zhang"]).status == 200
    assert "A" * 43 not in victim.cookie
    thief = browser()
    thief.cookie = "__Host-whistle=" + "A" * 43
    assert thief.get("/api/v1/session").status == 401
    two = browser("zhang")  # who can set a second cookie of that name gets nowhere
    two.cookie += "; __Host-whistle=" + "B" * 43
    assert two.get("/api/v1/session").status == 401


def test_forged_cookies():
    good = browser("zhang")
    value = good.cookie.split("=")[1]
    for bent in (value[:-1], value + "A", value[::-1], value.lower(), "", "..", value + "%00", "é" * 3):
        b = browser()
        b.cookie = ("__Host-whistle=" + bent).encode().decode("latin-1")
        assert b.get("/api/v1/session").status in (400, 401), bent


def test_foreign_pages_cannot_act():
    b = browser("zhang")
    body = {"category": "FIRE_LANE", "title": "别人的网页"}
    before = cluster.sql("SELECT count(*) FROM intake.journal")[0][0]
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"X_CSRF_Token": None},
                    {"X_CSRF_Token": "0" * 32}, {"Origin": f"http://127.0.0.1:{cluster.http}.evil.example"},
                    {"Origin": None, "Sec_Fetch_Site": "cross-site"}, {"Origin": None,
                            "Sec_Fetch_Site": "same-site"}):
        answer = b.post("/api/v1/whistles", body, Idempotency_Key="csrf", **headers)
        assert answer.status == 403 and answer.json()["rule"] == "csrf", (headers, answer.text)
        assert browser().post("/api/v1/session", {"login": "zhang", "password": people["zhang"]},
                              **{k: v for k, v in headers.items() if k != "X_CSRF_Token"}
                              ).status == (200 if "X_CSRF_Token" in headers else 403), headers
    other = browser("li")  # another session's token is none
    assert b.post("/api/v1/whistles", body, X_CSRF_Token=other.csrf, Idempotency_Key="csrf").status == 403
    assert cluster.sql("SELECT count(*) FROM intake.journal")[0][0] == before
    assert b.ask("POST", "/api/v1/whistles", "category=FIRE_LANE",
                 {"Content-Type": "application/x-www-form-urlencoded"}).status == 415


def test_sessions_are_listed_and_ended():
    add("chen", STREET, "STREET_APPROVER")
    one, two = browser("chen"), browser("chen")
    rows = one.get("/api/v1/sessions").json()["sessions"]
    assert len(rows) == 2 and sum(r.get("current", False) for r in rows) == 1, rows
    other = next(r["id"] for r in rows if not r.get("current"))
    assert browser("zhang").delete(f"/api/v1/sessions/{other}").status == 404  # not theirs to end
    assert one.delete(f"/api/v1/sessions/{other}").status == 204
    assert two.get("/api/v1/session").status == 401 and one.get("/api/v1/session").status == 200
    assert one.delete("/api/v1/session").status == 204 and one.cookie is None
    for code in range(20):  # no more than sixteen at once
        assert browser("chen").cookie
        if code == 0:
            first = browser("chen")
    assert first.get("/api/v1/session").status == 401
    assert len(wh("OPERATOR", "person", "sessions", "chen")[0]["sessions"]) == 16


def test_passwords_change_and_others_end():
    b, elsewhere = browser("chen"), browser("chen")
    new = "绿杨城郭是扬州 2026"
    assert b.post("/api/v1/session/password", {"old": "wrong", "new": new}).status == 401
    for bad, rule in (("short", "password.short"), ("1234567890", "password.guessed"),
                      ("password2026", "password.guessed"), ("abcabcabcabc", "password.guessed")):
        answer = b.post("/api/v1/session/password", {"old": people["chen"], "new": bad})
        told = answer.json()
        assert (answer.status, told["rule"], told["field"]) == (400, rule, "new"), told
    assert b.post("/api/v1/session/password", {"old": people["chen"], "new": new}).status == 204
    assert b.get("/api/v1/session").json()["person"].get("temporary", False) is False
    assert elsewhere.get("/api/v1/session").status == 401
    assert browser().login("chen", people["chen"]).status == 401
    people["chen"] = new
    assert browser("chen").cookie
    secret = cluster.sql("SELECT string_agg(encode(body, 'escape'), '') FROM gateway.journal")[0][0]
    assert "argon2" not in secret  # no hash stands in the journal
    people["chen"] = wh("OPERATOR", "person", "password", "chen")[0]["password"]
    assert b.get("/api/v1/session").status == 401 and browser("chen").cookie


# ---- posts ----------------------------------------------------------------------------------------------


def test_posts_are_changed_and_end():
    add("zhao", "GASCO", "HEAD")
    wh("OPERATOR", "person", "post", "zhao", "--at", STREET, "--post", "STREET_OPERATOR", "--until",
            later(3600))
    b = browser("zhao")
    assert {p["identity"] for p in b.get("/api/v1/session").json()["posts"]} == {"GASCO", STREET}
    there = b.post("/api/v1/session/post", {"identity": STREET, "role": "STREET_OPERATOR"})
    assert there.status == 200 and there.json()["post"]["identity"] == STREET, there.text
    assert b.post("/api/v1/session/post", {"identity": OTHER, "role": "STREET_OPERATOR"}).status == 404
    assert b.post("/api/v1/session/post", {"identity": "", "role": "HEAD"}).status == 404
    wh("OPERATOR", "person", "unpost", "zhao", "--at", STREET, "--post", "STREET_OPERATOR")
    assert b.get("/api/v1/session").status == 401  # a session ends with its post


def test_deputies_have_dates():
    wh("GASCO", "person", "add", "deputy", "--name", "代理", "--at", "GASCO", "--post", "OFFICER")
    refused = wh("GASCO", "person", "post", "deputy", "--at", "GASCO", "--post", "HEAD",
            "--standing-in-for", "zhao",
                 expect=1)[0]
    assert refused["error"]["rule"] == "post.deputy", refused
    wh("GASCO", "person", "post", "deputy", "--at", "GASCO", "--post", "HEAD", "--standing-in-for", "li",
       "--until", later(3600), expect=1)  # li is no head
    wh("GASCO", "person", "post", "deputy", "--at", "GASCO", "--post", "HEAD", "--standing-in-for", "zhao",
       "--until", later(2))
    people["deputy"] = wh("GASCO", "person", "password", "deputy")[0]["password"]
    b = browser("deputy")
    b.post("/api/v1/session/post", {"identity": "GASCO", "role": "HEAD"})
    post = b.get("/api/v1/session").json().get("post")
    assert post is None or post["standing_in_for"] == "zhao", post
    runner.until(lambda: b.get("/api/v1/session").status == 401, 5)
    assert browser("deputy").get("/api/v1/session").json()["post"]["role"] == "OFFICER"


def test_bodies_keep_their_own_people_alone():
    for words, rule in ((("add", "x1", "--name", "x", "--at", STREET, "--post", "STREET_OPERATOR"),
            "scope.foreign"),
                        (("add", "x1", "--name", "x"), "post.needed"),
                        (("password", "zhang"), "scope.foreign"), (("end", "zhang"), "scope.foreign"),
                        (("add", "x1", "--name", "x", "--at", "GASCO", "--post", "STREET_OPERATOR"),
                                "post.role"),
                        (("add", "x1", "--name", "x", "--at", "NOWHERE", "--post", "OFFICER"),
                                "field.unknown"),
                        (("add", "li", "--name", "x", "--at", "GASCO", "--post", "OFFICER"),
                                "person.exists")):
        assert wh("GASCO", "person", *words, expect=1)[0]["error"]["rule"] == rule, words
    assert wh("DISTRICT", "person", "add", "x2", "--name", "x", "--at", "OPERATOR", "--post", "OPERATOR",
              expect=1)[0]["error"]["rule"] == "scope.foreign"
    seen = {p["code"] for p in wh("GASCO", "person", "list")[0]["people"]}
    assert "li" in seen and "zhang" not in seen, seen
    # an officer's code in a body's command is no proof: nobody sets another's password by naming them
    assert wh("GASCO", "person", "password", "zhang", "--officer", "zhang",
            expect=1)[0]["error"]["rule"] == \
        "scope.foreign"
    add("head", "GASCO", "HEAD")
    b = browser("head")
    made = b.post("/api/v1/people", {"code": "new1", "name": "新来的", "post": {"identity": "GASCO",
            "role": "OFFICER"}})
    assert made.status == 200 and browser().login("new1", made.json()["password"]).status == 200, made.text
    assert b.post("/api/v1/people", {"code": "new2", "name": "n", "post": {"identity": STREET,
                                                        "role": "STREET_OPERATOR"}}).status == 403
    assert b.post("/api/v1/people/zhang/password").status == 403
    assert browser("li").post("/api/v1/people/new1/password").status == 403  # no head
    assert "password" not in json.dumps(b.get("/api/v1/people").json())


def test_an_ended_person_is_out_at_once():
    add("gone", "GASCO", "OFFICER")
    b = browser("gone")
    wh("GASCO", "person", "end", "gone")
    assert b.get("/api/v1/session").status == 401 and browser().login("gone", people["gone"]).status == 401


# ---- keys of programs -----------------------------------------------------------------------------------


def key_of(whose, scope, until=3600):
    return wh(whose, "api-key", "new", "--scope", scope, "--name", "测试", "--until", later(until))[0]


def bearer(key):
    return {"Authorization": "Bearer " + key}


def test_keys_do_what_their_scopes_say():
    reader, writer = key_of("GASCO", "read"), key_of(STREET, "read,write")
    assert re.fullmatch(r"whk_[a-z2-7]{8}_[\w-]{43}", reader["key"]), reader
    b = browser()
    assert b.get("/api/v1/tasks", **bearer(reader["key"])).status == 200
    assert b.get("/api/v1/session", **bearer(reader["key"])).status == 403
    body = {"unit": STREET, "category": "FIRE_LANE", "title": "程序吹哨"}
    assert b.post("/api/v1/whistles", body, **bearer(reader["key"]), Idempotency_Key="k").status == 403
    assert b.post("/api/v1/whistles", body, **bearer(writer["key"]), Idempotency_Key="k").status == 201
    assert b.post("/api/v1/whistles", body, **bearer(writer["key"])).status == 400  # unnamed
    for path in ("/api/v1/people", "/api/v1/api-keys", "/api/v1/sessions"):
        assert b.get(path, **bearer(writer["key"])).status == 403, path


def test_bent_ended_and_expired_keys():
    made = key_of("GASCO", "read")
    key, b = made["key"], browser()
    for bent in (key[:-1], key + "A", key.replace("whk_", "whk-"), key[:13] + "A" * 43,
            "whk_aaaaaaaa_" + key[13:],
                 key.upper(), "", "x" * 3000):
        assert b.get("/api/v1/tasks", **bearer(bent)).status in (401, 431), bent
    assert b.get("/api/v1/tasks", Authorization="Basic Zm9vOmJhcg==").status == 401
    assert b.get("/api/v1/tasks", **bearer(key)).status == 200
    wh("GASCO", "api-key", "end", made["ref"])
    assert b.get("/api/v1/tasks", **bearer(key)).status == 401
    short = key_of("GASCO", "read", until=2)["key"]
    assert b.get("/api/v1/tasks", **bearer(short)).status == 200
    runner.until(lambda: b.get("/api/v1/tasks", **bearer(short)).status == 401, 5)
    refused = wh("GASCO", "api-key", "new", "--scope", "read", "--name", "x", "--until",
            later(401 * 86400), expect=1)
    assert refused[0]["error"]["rule"] == "api_key.life"
    assert wh("GASCO", "api-key", "new", "--for", STREET, "--scope", "read", "--name", "x", "--until",
            later(60),
              expect=1)[0]["error"]["rule"] == "scope.foreign"
    rows = cluster.sql("SELECT encode(hash, 'escape') FROM gateway.api_key")
    assert not any(key[13:] in row[0] for row in rows)


# ---- one-time links -------------------------------------------------------------------------------------


def task():
    number = wh(STREET, "raise", "--category", "FIRE_LANE", "--title", f"链接 {time.time()}",
                "--address", "染坊街 9 号")[0]["number"]
    runner.until(lambda: wh(STREET, "show", number)[0].get("tasks"), 10)
    shown = wh(STREET, "show", number)[0]
    lead = next(t for t in shown["tasks"] if t["part"] == "LEAD")
    return lead["id"], lead["department"]


def test_a_link_takes_one_task_through():
    name, department = task()
    token = wh(department, "link", "new", name, "--to", "officer7")[0]["token"]
    b = browser()
    shown = b.get(f"/api/v1/link/{token}").json()
    assert shown["task"]["id"] == name, shown
    assert shown["purposes"] == ["SIGN", "CHECK_IN", "REPORT", "REFUSE"], shown
    assert b.post(f"/api/v1/link/{token}/sign").status == 200
    assert b.post(f"/api/v1/link/{token}/sign").status == 200  # again: the same request
    assert b.post(f"/api/v1/link/{token}/check-in", {"method": "ONSITE"}).status in (200, 400)
    checked = b.post(f"/api/v1/link/{token}/check-in", {}).status
    assert checked == 200 or b.get(f"/api/v1/link/{token}").json()["task"]["state"] == "CHECKED_IN"
    assert b.post(f"/api/v1/link/{token}/report", {"outcome": "SOLVED", "text": "已清理"}).status == 200
    state = wh(STREET, "show", name.rsplit("-", 1)[0])[0]
    done = next(t for t in state["tasks"] if t["id"] == name)
    assert done["state"] == "REPORTED" and done.get("officer") == "officer7", done


def test_a_link_is_for_its_task_and_purpose_alone():
    name, department = task()
    other, _ = task()
    token = wh(department, "link", "new", name, "--for", "SIGN")[0]["token"]
    b = browser()
    answer = b.post(f"/api/v1/link/{token}/report", {"outcome": "SOLVED"})
    assert answer.status == 403 and answer.json()["rule"] == "link.purpose", answer.text
    assert b.post(f"/api/v1/link/{token}/sign", {"tasks": [other]}).status == 200  # signs its own
    states = {t["id"]: t["state"] for n in (name, other) for t in wh(STREET, "show", n.rsplit("-",
            1)[0])[0]["tasks"]}
    assert states[name] == "SIGNED" and states[other] != "SIGNED", states
    assert b.get(f"/api/v1/tasks/{name}", Authorization="Bearer " + token).status == 401
    for words, rule in (((OTHER, "link", "new", name), "scope.foreign"),):
        assert wh(*words, expect=1)[0]["error"]["rule"] == rule


def test_ended_expired_and_forged_links():
    name, department = task()
    b = browser()
    token = wh(department, "link", "new", name)[0]["token"]
    assert b.get(f"/api/v1/link/{token}").status == 200
    wh(department, "link", "end", name)
    assert b.get(f"/api/v1/link/{token}").json()["rule"] == "link.ended"
    assert b.post(f"/api/v1/link/{token}/sign").status == 403
    fresh = wh(department, "link", "new", name)[0]["token"]
    assert b.get(f"/api/v1/link/{fresh}").status == 200
    short = wh(department, "link", "new", name, "--until", later(2))[0]["token"]
    runner.until(lambda: b.get(f"/api/v1/link/{short}").status == 403, 6)
    refused = wh(department, "link", "new", name, "--until", later(73 * 3600), expect=1)[0]
    assert refused["error"]["rule"] == "field.range"
    shifted = "".join(chr(ord(c) ^ 1) if c.isalnum() and i == 20 else c for i, c in enumerate(fresh))
    for bent in (fresh[:-1], fresh + "A", shifted, fresh[::-1], "A" * 80, "x", fresh + "/sign/sign"):
        assert b.get(f"/api/v1/link/{bent}").status == 404, bent


def test_all_stays_after_a_crash():
    b, key = browser("zhang"), key_of("GASCO", "read")["key"]
    name, department = task()
    token = wh(department, "link", "new", name)[0]["token"]
    cluster.processes["gateway"].kill()
    cluster.start_service("gateway")
    assert b.get("/api/v1/session").json()["csrf_token"] == b.csrf
    assert b.get("/api/v1/tasks", **bearer(key)).status == 200
    assert b.get(f"/api/v1/link/{token}").status == 200
    assert browser("zhang").cookie


def test_many_at_once_are_answered():
    """More logins than are checked at once: all are answered, none is wrong, memory stays small."""
    results = []

    def one(i):
        b = browser(address=f"127.0.9.{i % 200 + 1}")
        results.append(b.login("zhang", people["zhang"]).status)

    threads = [threading.Thread(target=one, args=(i,)) for i in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(results) <= {200, 503} and results.count(200) >= 3, results


def main():
    global cluster
    with Cluster(gateway=True) as cluster:
        return runner.main(globals())


if __name__ == "__main__":
    sys.exit(main())
