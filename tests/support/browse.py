# SPDX-License-Identifier: Apache-2.0
"""A person's browser, as far as the JSON interface cares: one address, a cookie, a CSRF token."""
import http.client
import json


class Answer:
    def __init__(self, status, headers, text):
        self.status, self.headers, self.text = status, headers, text

    def json(self):
        return json.loads(self.text)


class Browser:
    """Browser(port).login(login, password); then get/post/delete. origin, site: what it says of the page."""

    def __init__(self, port, address="127.0.0.1"):
        self.port, self.address = port, address
        self.cookie = self.csrf = None
        self.origin = f"http://127.0.0.1:{port}"

    def ask(self, method, path, body=None, headers=None):
        sent = {"Content-Type": "application/json"} if body is not None else {}
        if self.cookie:
            sent["Cookie"] = self.cookie
        if method != "GET":
            sent["Origin"] = self.origin
            if self.csrf:
                sent["X-CSRF-Token"] = self.csrf
        sent.update(headers or {})
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30,
                                          source_address=(self.address, 0))
        try:
            link.request(method, path, body if isinstance(body, (str, bytes)) else json.dumps(body)
                         if body is not None else None, {k: v for k, v in sent.items() if v is not None})
            got = link.getresponse()
            answer = Answer(got.status, {k.lower(): v for k, v in got.getheaders()}, got.read().decode())
        finally:
            link.close()
        if "set-cookie" in answer.headers:
            name, _, value = answer.headers["set-cookie"].split(";")[0].partition("=")
            self.cookie = f"{name}={value}" if value else None
        return answer

    def get(self, path, **headers):
        return self.ask("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def post(self, path, body=None, **headers):
        return self.ask("POST", path, body if body is not None else {},
                        {k.replace("_", "-"): v for k, v in headers.items()})

    def delete(self, path, **headers):
        return self.ask("DELETE", path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def login(self, login, password):
        answer = self.post("/api/v1/session", {"login": login, "password": password})
        if answer.status == 200:
            self.csrf = answer.json()["csrf_token"]
        return answer
