# SPDX-License-Identifier: Apache-2.0
"""The gateway's HTTP interface for tests: keys for every identity, requests, and the document it describes
itself with as a judge of every answer."""
import http.client
import json
import os
import re
import time
import urllib.parse
import uuid

import jsonschema


def new_key():
    """A UUIDv7 for Idempotency-Key."""
    ms = int(time.time() * 1000)
    raw = bytearray(ms.to_bytes(6, "big") + os.urandom(10))
    raw[6], raw[8] = raw[6] & 0x0F | 0x70, raw[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(raw)))


class Reply:
    def __init__(self, status, headers, text):
        self.status, self.headers, self.text = status, headers, text
        self.json = json.loads(text) if text and "json" in headers.get("Content-Type", "") else None

    def __repr__(self):
        return f"{self.status} {self.text[:600]}"


class Api:
    """Api(cluster).get("FIRE", "/api/v1/tasks"); who None: without login. Every answer is held against the
    document, and noted in `seen` ({operation}) when its status is below 300."""

    def __init__(self, cluster):
        self.cluster, self.keys, self.seen, self.judges = cluster, {}, set(), {}
        self.document = None
        document = self.get(None, "/openapi.json")
        assert document.status == 200, document
        self.document = document.json
        self.schemas = self.document["components"]["schemas"]
        self.operations = [(method, path, operation)
                           for path, methods in self.document["paths"].items()
                           for method, operation in methods.items()]
        self.patterns = [(method, re.compile("^" + re.sub(r"\\?\{[^}]*\\?\}", "[^/]+",
                                                          re.escape(path)) + "$"),
                          path, operation) for method, path, operation in self.operations]
        self.patterns.sort(key=lambda row: row[2].count("{"))

    def key(self, who, scopes="read,write"):
        """The key of an identity, made when it is first asked for."""
        if (who, scopes) not in self.keys:
            until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400))
            made = self.cluster.whistle("OPERATOR", "api-key", "new", "--for", who, "--scope", scopes,
                                        "--name", "test", "--until", until)[0]
            self.keys[who, scopes] = made["key"]
        return self.keys[who, scopes]

    def request(self, method, who, path, body=None, key=True, raw=None, scopes="read,write", **headers):
        """headers: If_Match="…"; None leaves one out. key: an Idempotency-Key, True makes one."""
        given = {"Accept-Language": "en"}
        if who is not None:
            given["Authorization"] = "Bearer " + self.key(who, scopes)
        if body is not None or raw is not None:
            given["Content-Type"] = "application/json"
        if key and method != "GET":
            given["Idempotency-Key"] = new_key() if key is True else key
        given.update({k.replace("_", "-"): v for k, v in headers.items()})
        text = raw if raw is not None else json.dumps(body) if body is not None else None
        connection = http.client.HTTPConnection("127.0.0.1", self.cluster.http, timeout=40)
        connection.request(method, urllib.parse.quote(path, safe="/?&=%:+,"),
                           text.encode() if isinstance(text, str) else text,
                           {k: v for k, v in given.items() if v is not None})
        answer = connection.getresponse()
        reply = Reply(answer.status, dict(answer.getheaders()), answer.read().decode())
        connection.close()
        if self.document:
            self.judge(method, path, reply)
        return reply

    def get(self, who, path, **more):
        return self.request("GET", who, path, **more)

    def post(self, who, path, body=None, **more):
        return self.request("POST", who, path, body, **more)

    def operation(self, method, path):
        path = path.split("?")[0]
        for verb, pattern, _, operation in self.patterns:
            if verb == method.lower() and pattern.match(path):
                return operation
        return None

    def judge(self, method, path, reply):
        """Is the answer what the document says, and nothing beyond it?"""
        operation = self.operation(method, path)
        if operation is None:
            assert reply.status in (404, 405), (method, path, reply)
            return
        if reply.status == 304:
            assert "304" in operation["responses"] and not reply.text
            return
        said = operation["responses"].get(str(reply.status), operation["responses"]["default"])
        said = self.resolve(said) if "$ref" in said else said
        kind = reply.headers["Content-Type"]
        assert kind in said["content"], (method, path, kind, reply)
        self.check(reply.json, said["content"][kind]["schema"], f"{method} {path}")
        if reply.status < 300:
            self.seen.add(operation["operationId"])

    def resolve(self, node):
        at = self.document
        for word in node["$ref"][2:].split("/"):
            at = at[word]
        return at

    def check(self, value, schema, where):
        """Strictly: a field that is not described is wrong."""
        problems = []
        self.walk(value, schema, where, problems)
        assert not problems, "\n".join(problems)

    def walk(self, value, schema, where, problems):
        if "$ref" in schema:
            schema = self.resolve(schema)
        if schema.get("type") == "object" and isinstance(value, dict) and "properties" in schema:
            for name, one in value.items():
                if name not in schema["properties"]:
                    problems.append(f"{where}.{name} is not described")
                else:
                    self.walk(one, schema["properties"][name], f"{where}.{name}", problems)
        elif schema.get("type") == "array" and isinstance(value, list):
            for i, one in enumerate(value):
                self.walk(one, schema["items"], f"{where}[{i}]", problems)
        else:
            judge = self.judges.setdefault(id(schema), jsonschema.Draft202012Validator(schema))
            problems += [f"{where}: {error.message}" for error in judge.iter_errors(value)]
