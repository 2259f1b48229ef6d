# SPDX-License-Identifier: Apache-2.0
"""The demo's residents: somebody reports by the public form, a neighbour finds it and says "I have
that too", a program sends one by Open311. What they are told, with the codes, is shown.

Played by journeys.py where the gateway's address is given (--web)."""
import json
import time
import urllib.error
import urllib.parse
import urllib.request

STREET, COMMUNITY = "990101004", "990101004002"
TICKET_S = 2.1  # a form that comes back sooner is a robot's


class Web:
    def __init__(self, url):
        self.url = url.rstrip("/")

    def ask(self, method, path, body=None, form=None):
        """The answer's JSON, also of a refusal."""
        data, kind = None, "application/json"
        if form is not None:
            data, kind = urllib.parse.urlencode(form).encode(), "application/x-www-form-urlencoded"
        elif body is not None:
            data = json.dumps(body, ensure_ascii=False).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": kind}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            return json.loads(refused.read() or b"{}")


def wait_form(web):
    """The form's data, as soon as the gateway knows the district."""
    for _ in range(100):
        try:
            form = web.ask("GET", "/api/v1/public/form")
            if "ticket" in form:
                return form
        except OSError:
            pass
        time.sleep(0.1)
    raise OSError("no form at " + web.url)


def told(play, what, got):
    play.say(f"  {what}: 编号 number {got['number']}  查询码 code {got['code']}")


def status(web, got):
    return web.ask("POST", "/api/v1/public/status", {"number": got["number"], "code": got["code"]})


def approve(play, wait_until, number):
    for _ in range(100):
        if number in [w["number"] for w in play.run(STREET, "list")[0]["whistles"]]:
            break
        time.sleep(0.1)
    wait_until(play, STREET, number, lambda w: w["state"] == "SUBMITTED", "at the street")
    play.run(STREET, "--officer", "approver", "review", number, "--approve")
    wait_until(play, STREET, number, lambda w: w.get("tasks") or w.get("merged_into"), "dispatched")


def by_form(play, web, wait_until):
    ticket = wait_form(web)["ticket"]
    time.sleep(TICKET_S)
    lamp = {"category": "STREET_LIGHT", "title": "软件园二期北门第三盏路灯不亮", "text": "晚上回家看不清台阶",
            "place": {"unit": COMMUNITY, "address": "软件园二期北门"}, "ticket": ticket}
    got = web.ask("POST", "/api/v1/public/reports", lamp)
    play.check("a number and a code", sorted(got)[:2], ["code", "community"])
    told(play, "居民在网页反映 by the public form", got)
    approve(play, wait_until, got["number"])
    own = status(web, got)
    play.check("its reporter sees who handles it", own["bodies"][0]["part"], "LEAD")
    play.check("nobody else sees more than this", sorted(web.ask(
        "POST", "/api/v1/public/status", {"number": got["number"]})["card"]),
        ["category", "community", "day", "number", "state"])
    for _ in range(50):
        found = web.ask("POST", "/api/v1/public/preview", lamp).get("matches", [])
        if found:
            break
        time.sleep(0.2)
    play.check("reported already", found[0]["card"]["number"], got["number"])
    too = web.ask("POST", f"/api/v1/public/whistles/{got['number']}/me-too",
                  {"text": "我家楼下也黑", "ticket": ticket})
    told(play, "邻居说“我也遇到” a neighbour has that too", too)
    approve(play, wait_until, too["number"])
    play.check("one matter", play.run(STREET, "show", too["number"])[0]["merged_into"], got["number"])
    play.check("its reporter is told so", status(web, too)["joined"], True)


def by_open311(play, web, wait_until):
    until = time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(time.time() + 30 * 86400))
    key = play.run("DISTRICT", "api-key", "new", "--for", "DISTRICT", "--scope", "open311", "--name",
                   "demo 311", "--until", until)[0]["key"]
    got = web.ask("POST", "/open311/v2/requests.json", form={
        "api_key": key, "service_code": "RUBBISH", "address_id": COMMUNITY,
        "address_string": "软件园食堂后门", "description": "垃圾堆了三天,有异味"})[0]
    number = got["service_request_id"]
    play.say(f"  311 程序送来 by Open311: {number}  查询码 code {got['extended_attributes']['code']}")
    hidden = web.ask("GET", f"/open311/v2/requests/{number}.json")[0]
    play.check("nobody has looked at it yet", hidden["code"], 404)
    approve(play, wait_until, number)
    row = web.ask("GET", f"/open311/v2/requests/{number}.json")[0]
    play.check("open, without its text", (row["status"], row["description"]), ("open", None))
    play.say(f"  Open311: {row['status']}, {row['status_notes']}, {row['agency_responsible']}")


def play_residents(play, url, wait_until):
    web = Web(url)
    by_form(play, web, wait_until)
    by_open311(play, web, wait_until)
