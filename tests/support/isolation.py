# SPDX-License-Identifier: Apache-2.0
"""Who may do what over HTTP, tried: every row of the route table, by every role a person can have, at its own
place and at a foreign one, on a whistle that is the first one's and none of the second's. The rows and their
roles come from the gateway's own description; a role it does not name is to be turned away at the gateway,
a foreign whistle's content never leaves, and nobody foreign changes it."""
import random
import re
import time

from browse import Browser

STREET, COMMUNITY, OTHER = "990101003", "990101003002", "990101002"
SECRET = "密文标记甲乙丙丁"  # stands in the whistle's title and text, and must stand in no foreign answer
LEAD, FOREIGN_DEPARTMENT = "FIRE", "WATER"
# Role: (its own place, a foreign one). Who sees everything has no foreign place.
PLACES = {
    **{r: (COMMUNITY, OTHER + "001") for r in ("GRID_WORKER", "COMMUNITY_WORKER", "COMMUNITY_SECRETARY",
                                               "VOLUNTEER",
                                               "TEAM_LEADER", "SECONDED_CADRE")},
    **{r: (STREET, OTHER) for r in ("STREET_OPERATOR", "STREET_APPROVER", "SOCIAL_ORGANISATION",
                                    "STOCK_KEEPER")},
    **{r: (LEAD, FOREIGN_DEPARTMENT) for r in ("DUTY_DESK", "OFFICER", "HEAD", "INSPECTOR", "OVERSEER",
                                               "STEWARD")},
    "DISPATCHER": ("DISTRICT", None), "LEADER": ("LEADER", None), "AUDITOR": ("AUDITOR", None),
    "OPERATOR": ("OPERATOR", None),
}
SEES_ALL = {"DISPATCHER", "LEADER", "AUDITOR", "OPERATOR"}
OURS = re.compile(r"^/api/v1/(whistles|tasks|preview|doubts|boards|map|notices|sheet|units|departments"
                  r"|categories|service-times|routing|status|health|dead-letters)")
INJECTIONS = ["' OR '1'='1", "'; DROP TABLE dispatch.whistle; --", "{1,2}); --", "<script>alert(1)</script>",
              "\"><img src=x onerror=alert(1)>", "=HYPERLINK(\"http://evil\")", "@SUM(1+1)",
              "${jndi:ldap://x}",
              "%00", "..%2f..%2fetc%2fpasswd", "x\r\nSet-Cookie: a=b", "\u202e\u2066abc", "𝕏" * 50, "-1",
              "1e309",
              "null", "[object Object]", "AL-20261123-0001' --"]


def body_of(name, number):
    """A body that would be good, so that only rights can stand in its way."""
    later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 9 * 86400))
    raised = {"category": "RUBBISH", "title": "别处", "text": "x", "place": {"address": "x"}}
    return {
        "WHISTLE_RAISE": {**raised, "unit": STREET}, "WHISTLE_RESUBMIT": {**raised, "unit": STREET},
        "PREVIEW": {**raised, "unit": STREET}, "WHISTLE_REVIEW": {"verdict": "APPROVE"},
        "WHISTLE_SUPPLEMENT": {"text": "x"}, "WHISTLE_PRIORITY": {"priority": "P3", "reason": "x"},
        "WHISTLE_CONFIRM": {"verdict": "SOLVED"}, "WHISTLE_ADD": {"departments": ["URBAN"], "reason": "x"},
        "WHISTLE_OPINION": {"rating": "SATISFIED"}, "WHISTLE_JOIN": {"into": number[:-1] + "9",
                                                                     "reason": "x"},
        "TASKS_SIGN": {"tasks": [f"{number}-{LEAD}"]}, "TASK_REPORT": {"outcome": "SOLVED"},
        "TASK_REFUSE": {"reason": "WRONG_AREA", "basis": "x", "alternative": "URBAN"},
        "TASK_RULE": {"verdict": "UPHELD", "department": "URBAN", "basis": "x"},
        "TASK_EXTEND": {"until_at": later, "reason": "x"}, "TASK_EXTEND_DECIDE": {"decision": "DENIED",
                                                                                  "reason": "x"},
        "TASK_LEDGER": {"plan": "x", "until_at": later}, "TASK_LEDGER_DECIDE": {"decision": "DENIED",
                                                                                "reason": "x"},
        "TASK_RATE": {"rating": "SATISFIED"}, "TASK_REPLY": {"text": "x"}, "TASK_DELEGATE": {"officer": "x1"},
        "TASK_SIGN": {}, "TASK_CHECK_IN": {},
    }.get(name, {"reason": "x"} if name.startswith("WHISTLE_") else {})


class Isolation:
    def __init__(self, cluster, api):
        self.cluster, self.api = cluster, api
        self.tried = self.allowed = self.refused = 0
        self.wrong = []
        self.people = {}
        raised = api.post(STREET, "/api/v1/whistles", {
            "unit": STREET, "category": "EBIKE_CHARGE", "title": SECRET, "text": SECRET,
            "place": {"unit": COMMUNITY, "address": SECRET, "lat": 39.1, "lon": 115.9},
            "reporter": {"name": SECRET, "phone": "13900001111"}})
        assert raised.status == 201, raised
        self.number = raised.json["ref"]
        for _ in range(200):
            shown = api.get(STREET, f"/api/v1/whistles/{self.number}").json
            if shown.get("tasks"):
                break
            time.sleep(0.02)
        self.changes = self.history()

    def history(self):
        """What was done to it, but for what timers do."""
        lines = self.api.get("DISTRICT", f"/api/v1/whistles/{self.number}/history?limit=100").json["lines"]
        return sum(1 for line in lines if line.get("actor", {}).get("identity"))

    def person(self, role, place):
        """A browser logged in as one of that role there."""
        if (role, place) not in self.people:
            code = f"p{len(self.people)}"
            made = self.cluster.whistle("OPERATOR", "person", "add", code, "--name", code, "--at", place,
                                        "--post",
                                        role)[0]
            browser = Browser(self.cluster.http)
            assert browser.login(code, made["password"]).status == 200, (role, place)
            self.people[role, place] = browser
        return self.people[role, place]

    def ask(self, browser, method, path, body):
        if method == "get":
            return browser.get(path)
        return browser.post(path, body)

    def fill(self, path, name):
        path = path.replace("{number}", self.number).replace("{board}", "open").replace("{service}",
                                                                                        "dispatch")
        path = re.sub(r"\{tasks?\}", f"{self.number}-{LEAD}", path).replace("{id}", "1")
        more = {"NOTICES": f"?number={self.number}", "SHEET": f"?unit={STREET}", "DOUBTS": "?unit=" + STREET,
                "TASK_LIST": f"?number={self.number}",
                "ROUTING_EXPLAIN": f"?category=RUBBISH&unit={COMMUNITY}"}
        return path + more.get(name, "")

    def one(self, role, place, own, method, path, operation):
        name = operation["operationId"]
        reply = self.ask(self.person(role, place), method, self.fill(path, name), body_of(name, self.number))
        self.tried += 1
        what = f"{role} at {place}: {method.upper()} {path}: {reply.status} {reply.text[:160]}"
        problem = reply.status >= 400 and "json" in reply.headers["content-type"]
        said = reply.json().get("rule") if problem else None
        if role not in operation["x-roles"]:
            if (reply.status, said) != (403, "role.not_allowed"):
                self.wrong.append("not its role, " + what)
            self.refused += 1
        elif own or role in SEES_ALL:
            self.allowed += reply.status < 400
            if reply.status in (401, 404, 405, 500):
                self.wrong.append("its own, " + what)
        else:
            self.refused += reply.status >= 400
            if SECRET in reply.text or "13900001111" in reply.text:
                self.wrong.append("shows, " + what)
            if method == "post" and "{" in path and "service" not in path and reply.status < 400:
                self.wrong.append("does, " + what)
        if reply.status >= 500:
            self.wrong.append("fails, " + what)

    def matrix(self, roles=None):
        """Foreigners first: what is one's own changes it."""
        for own in (False, True):
            for role, (mine, foreign) in PLACES.items():
                place = mine if own else foreign
                if place is None or roles is not None and role not in roles:
                    continue
                for method, path, operation in self.api.operations:
                    if OURS.match(path) and operation["operationId"] not in ("ROUTING_ADOPT",
                                                                             "WHISTLE_ERASE"):
                        self.one(role, place, own, method, path, operation)
            if not own and self.history() != self.changes:
                self.wrong.append(f"{self.number} was changed by a foreigner")

    def forged(self, n, seed=1):
        """Numbers and task ids that were never given, or are another's: nothing of content comes back."""
        rng = random.Random(seed)
        browsers = [self.person("STREET_OPERATOR", OTHER), self.person("OFFICER", FOREIGN_DEPARTMENT),
                    self.person("COMMUNITY_WORKER", OTHER + "001")]
        pages = ["", "/history", "/tasks", "/notices", "/route", "/matter", "/similar", "/unsealed"]
        head, day, count = self.number.split("-")
        for _ in range(n):
            number = rng.choice([self.number, f"{head}-{day}-{rng.randrange(10000):04}",
                                 f"ZZ-{day}-{count}", f"{head}-{rng.randrange(10 ** 8):08}-{count}",
                                 self.number.lower(), self.number + "0"])
            if rng.random() < 0.3:
                path = f"/api/v1/tasks/{number}-{rng.choice([LEAD, 'POLICE', 'WATER', 'NOBODY', STREET])}"
            else:
                path = f"/api/v1/whistles/{number}{rng.choice(pages)}"
            reply = rng.choice(browsers).get(path)
            self.tried += 1
            if SECRET in reply.text or "13900001111" in reply.text or reply.status >= 500:
                self.wrong.append(f"forged {path}: {reply.status} {reply.text[:160]}")

    def injections(self):
        """In every place that takes text: shown as text, or refused; never run, never in a header."""
        browser = self.person("STREET_OPERATOR", STREET)
        for text in INJECTIONS:
            reply = browser.post("/api/v1/whistles", {"unit": STREET, "category": "RUBBISH",
                                                      "title": text[:90],
                                                      "text": text, "place": {"unit": COMMUNITY,
                                                                              "address": text}})
            if reply.status == 201:
                shown = browser.get("/api/v1/whistles/" + reply.json()["ref"])
                for _ in range(100):
                    if shown.status == 200:
                        break
                    time.sleep(0.02)
                    shown = browser.get("/api/v1/whistles/" + reply.json()["ref"])
                if shown.json()["text"] != text or "application/json" not in shown.headers["content-type"]:
                    self.wrong.append(f"{text!r} is shown as {shown.text[:200]}")
                if shown.headers.get("x-content-type-options") != "nosniff":
                    self.wrong.append("nosniff is missing")
            elif reply.status != 400:
                self.wrong.append(f"{text!r}: {reply.status} {reply.text[:200]}")
            self.queries(browser, text)

    def queries(self, browser, text):
        from urllib.parse import quote
        word = quote(text, safe="")
        for path in (f"/api/v1/whistles?unit={word}", f"/api/v1/whistles?cursor={word}",
                     f"/api/v1/whistles/{word}",
                     f"/api/v1/boards/{word}", f"/api/v1/boards/open?cursor={word}", f"/api/v1/tasks/{word}",
                     f"/api/v1/whistles?state={word}", f"/api/v1/notices?number={word}", f"/api/v1/{word}"):
            reply = browser.get(path)
            self.tried += 1
            if reply.status not in (400, 403,
                                    404) and reply.text != "{}":  # an empty page: a cursor past the end
                self.wrong.append(f"{path}: {reply.status} {reply.text[:200]}")
            if "set-cookie" in reply.headers:
                self.wrong.append(f"{path} sets {reply.headers['set-cookie']}")
