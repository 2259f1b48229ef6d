# SPDX-License-Identifier: Apache-2.0
"""A network of our own for a test: each party in its own network namespace, joined by a bridge that
stands in one more, addresses that exist nowhere else, and cuts between two of them.

Nothing outside the namespaces is touched. Needs root, ip and iptables; unavailable() says what lacks.
"""
import ctypes
import os
import shutil
import socket
import subprocess
import threading

CLONE_NEWNET = 0x40000000
ESTABLISHED = "01"
libc = ctypes.CDLL(None, use_errno=True)


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}")


def unavailable():
    """Why there can be no namespaces here; None where they can be made."""
    if os.geteuid() != 0:
        return "not root"
    for name in ("ip", "iptables"):
        if not shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            return f"no program {name}"
    probe = f"whp{os.getpid()}"
    try:
        run("ip", "netns", "add", probe)
        try:
            run("ip", "netns", "exec", probe, "iptables", "-w", "-A", "INPUT", "-s", "10.99.0.1",
                "-j", "DROP")
            run("ip", "-n", probe, "link", "add", "bridge", "type", "bridge")
        finally:
            run("ip", "netns", "del", probe)
    except RuntimeError as error:
        return str(error)
    return None


class Network:
    """parties: their names. ip[name] is a party's address."""

    def __init__(self, parties):
        self.hub = f"wh{os.getpid()}-hub"
        self.ns = {name: f"wh{os.getpid()}-{name}" for name in parties}
        self.ip = {name: f"10.99.0.{i + 2}" for i, name in enumerate(parties)}

    def up(self):
        run("ip", "netns", "add", self.hub)
        run("ip", "-n", self.hub, "link", "add", "bridge", "type", "bridge")
        run("ip", "-n", self.hub, "link", "set", "bridge", "up")
        for i, (name, ns) in enumerate(self.ns.items()):
            run("ip", "netns", "add", ns)
            run("ip", "link", "add", "eth0", "netns", ns, "type", "veth", "peer", "name", f"to{i}",
                "netns", self.hub)
            run("ip", "-n", self.hub, "link", "set", f"to{i}", "master", "bridge", "up")
            run("ip", "-n", ns, "addr", "add", self.ip[name] + "/24", "dev", "eth0")
            run("ip", "-n", ns, "link", "set", "eth0", "up")
            run("ip", "-n", ns, "link", "set", "lo", "up")

    def down(self):
        for ns in (*self.ns.values(), self.hub):
            subprocess.run(["ip", "netns", "del", ns], capture_output=True)

    def inside(self, name, what):
        """what() in a thread that lives in this party's namespace; so do programs it starts."""
        result = []

        def body():
            try:
                with open(f"/run/netns/{self.ns[name]}") as file:
                    if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
                        raise OSError(ctypes.get_errno(), "setns")
                result.append((what(), None))
            except BaseException as error:  # told to who asked
                result.append((None, error))
        thread = threading.Thread(target=body)
        thread.start()
        thread.join()
        value, error = result[0]
        if error:
            raise error
        return value

    # ---- cuts -----------------------------------------------------------------------------------

    def rules(self, a, b, kind):
        """Where which rule stands: 'to' b hears nothing of a, 'from' a hears nothing of b, 'both',
        'reset' both refuse each other."""
        drop, reset = ["-j", "DROP"], ["-p", "tcp", "-j", "REJECT", "--reject-with", "tcp-reset"]
        at_b = (b, ["-s", self.ip[a]] + (reset if kind == "reset" else drop))
        at_a = (a, ["-s", self.ip[b]] + (reset if kind == "reset" else drop))
        return {"to": [at_b], "from": [at_a]}.get(kind, [at_a, at_b])

    def change(self, action, a, b, kind):
        for where, rule in self.rules(a, b, kind):
            run("ip", "netns", "exec", self.ns[where], "iptables", "-w", action, "INPUT", *rule)

    def cut(self, a, b, kind):
        self.change("-I", a, b, kind)

    def heal(self, a, b, kind):
        self.change("-D", a, b, kind)

    def established(self, a, b):
        """Connections to b that a takes for open."""
        wanted = socket.inet_aton(self.ip[b])[::-1].hex().upper()

        def look():
            with open("/proc/thread-self/net/tcp") as file:
                rows = [line.split() for line in file.readlines()[1:]]
            return sum(row[2].split(":")[0] == wanted and row[3] == ESTABLISHED for row in rows)
        return self.inside(a, look)
