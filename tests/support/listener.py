# SPDX-License-Identifier: Apache-2.0
"""For tests of the HTTP side: API keys, and listeners of /api/v1/feed that remember what they heard."""
import base64
import hashlib
import http.client
import json
import os
import random
import socket
import threading
import time

SCOPES = {"read": 1, "write": 2, "feed": 4, "webhooks": 8, "open311": 16, "open311.all": 32, "metrics": 64}


def api_keys(cluster, identities, scopes=("read", "write", "feed")):
    """{identity: key}, put into the gateway's table; the gateway is started again to know them."""
    keys, rows = {}, []
    for identity in identities:
        prefix = "".join(random.choice("abcdefghijklmnopqrstuvwxyz234567") for _ in range(8))
        keys[identity] = f"whk_{prefix}_" + base64.urlsafe_b64encode(
            os.urandom(32)).decode().rstrip("=")
        digest = hashlib.blake2b(keys[identity].encode(), digest_size=32).hexdigest()
        bits = sum(SCOPES[s] for s in scopes)
        rows.append(f"('{prefix}', '\\x{digest}', '{identity}', {bits}, 'test', 1, "
                    f"{int(time.time() * 1000) + 86400000}, 0, 0)")
    cluster.sql("INSERT INTO gateway.api_key VALUES " + ",".join(rows))
    cluster.processes["gateway"].kill()
    cluster.start_service("gateway")
    return keys


class Listener(threading.Thread):
    """Follows the feed with Last-Event-ID; heard: [(id, event)]. cut() breaks the connection."""

    def __init__(self, port, key, after=None):
        super().__init__(daemon=True)
        self.port, self.key, self.last = port, key, None if after is None else str(after)
        self.heard, self.ids, self.rewound, self.opened, self.refused = [], [], [], 0, []
        self.stop, self.response, self.sock = False, None, None

    def run(self):
        while not self.stop:
            try:
                self.once()
            except (OSError, http.client.HTTPException, AttributeError, ValueError):
                pass
            if not self.stop:
                time.sleep(0.05)

    def once(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=40)
        headers = {"Authorization": "Bearer " + self.key, "Accept": "text/event-stream"}
        if self.last is not None:
            headers["Last-Event-ID"] = self.last
        connection.request("GET", "/api/v1/feed", headers=headers)
        self.sock = connection.sock
        self.response = connection.getresponse()
        if self.response.status != 200:
            self.refused.append((self.response.status, self.response.read().decode()))
            time.sleep(0.3)
            return
        self.opened += 1
        kind, data, mark = "message", "", None
        for raw in self.response:
            line = raw.decode().rstrip("\n")
            name, _, value = line.partition(": ")
            if line == "":
                if mark is not None:
                    self.last = mark
                    self.ids.append(int(mark))
                if data and kind == "rewound":
                    self.rewound.append(json.loads(data))
                elif data:
                    self.heard.append((int(mark), json.loads(data)))
                kind, data, mark = "message", "", None
            elif name == "id":
                mark = value
            elif name == "data":
                data += value
            elif name == "event":
                kind = value

    def cut(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except (OSError, AttributeError):
            pass

    def end(self):
        self.stop = True
        self.cut()
        self.join(5)

    def seqs(self):
        return [seq for seq, _ in self.heard]
