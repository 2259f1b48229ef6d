# SPDX-License-Identifier: Apache-2.0
"""A plain HTTP client for tests: one connection kept, answers as (status, headers, body)."""
import http.client
import json
import urllib.parse


class Web:
    def __init__(self, port, address=None, language=None):
        """address: what a trusted proxy says the client's is."""
        self.port, self.fixed = port, {}
        if address:
            self.fixed["X-Forwarded-For"] = address
        if language:
            self.fixed["Accept-Language"] = language
        self.connection = None

    def ask(self, method, path, body=None, headers=None, address=None):
        fields = {**self.fixed, **(headers or {})}
        if address:
            fields["X-Forwarded-For"] = address
        for again in (True, False):
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            try:
                self.connection.request(method, path, body=body, headers=fields)
                answer = self.connection.getresponse()
                return answer.status, dict(answer.getheaders()), answer.read().decode()
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                self.connection = None
                if not again:
                    raise

    def json(self, method, path, body=None, expect=200, headers=None, address=None):
        """The answer's JSON; its status must be the one expected."""
        text = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        fields = {"Content-Type": "application/json"} if body is not None else {}
        status, _, answer = self.ask(method, path, text, {**fields, **(headers or {})}, address)
        assert status == expect, (method, path, body, status, answer)
        return json.loads(answer) if answer else None

    def form(self, path, fields, headers=None):
        text = urllib.parse.urlencode(fields).encode()
        return self.ask("POST", path, text, {
            "Content-Type": "application/x-www-form-urlencoded", **(headers or {})})
