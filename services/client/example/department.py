#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A department's own subscriber in Python: prints each new task and signs it.

Nothing but ZeroMQ, protobuf and the files in proto/: any language can do the same. Kill it whenever you
like. It goes on after its cursor, and since a signature's request id is made of the event, signing
twice has one effect. Debian: python3-zmq python3-protobuf protobuf-compiler.

    department.py KEY_FILE DOORS_FILE CURSOR_FILE [PROTO_FOLDER]
"""
import glob
import hashlib
import os
import subprocess
import sys
import tempfile
import time

import zmq

SILENT_S, RESEND_S, CREDIT = 2, 1, 256  # a service says something at least once a second


def vocabulary(folder):
    """The generated classes of proto/whistle/v1."""
    with tempfile.TemporaryDirectory() as out:
        protos = glob.glob(folder + "/whistle/v1/*.proto")
        subprocess.run(["protoc", "-I", folder, "--python_out", out, *protos], check=True)
        sys.path.insert(0, out)
        from whistle.v1 import dispatch_pb2, envelope_pb2
    return envelope_pb2, dispatch_pb2


def words(path):
    with open(path, encoding="utf-8") as file:
        return [line.split() for line in file if line.strip() and line[0] != "#"]


class Line:
    """Our side of a door or a feed: a DEALER to one of its endpoints, to the next one after silence. Both
    files are read with every connection: keys may have been rotated, ours or the service's."""

    def __init__(self, kind, key_file, doors_file):
        self.kind, self.key_file, self.doors_file = kind, key_file, doors_file
        self.ends, self.socket = [], None
        self.change()

    def rotated(self):
        """The key file holds another key than this connection's."""
        return dict(words(self.key_file))["public"] != self.key["public"]

    def change(self):
        if self.socket:
            self.socket.close(0)
        self.key = dict(words(self.key_file))
        ends = [(end, w[3]) for w in words(self.doors_file) if w[:2] == [self.kind, "dispatch"]
                for end in w[2].split(",")]
        if sorted(ends) != sorted(self.ends):
            self.ends = ends
        self.ends.append(self.ends.pop(0))
        end, server = self.ends[-1]
        self.socket = s = zmq.Context.instance().socket(zmq.DEALER)
        s.curve_serverkey, s.curve_publickey, s.curve_secretkey = (
            k.encode() for k in (server, self.key["public"], self.key["secret"]))
        s.immediate, s.linger, s.maxmsgsize, s.handshake_ivl = 1, 0, 32 << 20, 3000
        s.heartbeat_ivl, s.heartbeat_timeout, s.heartbeat_ttl = 2000, 3000, 6000
        s.reconnect_ivl, s.reconnect_ivl_max = 50, 1000
        s.connect(end)
        self.heard = time.monotonic()

    def send(self, frame):
        """False where nobody is connected. A line that was refused once stays dead: make another."""
        if not self.socket.poll(500, zmq.POLLOUT):
            if time.monotonic() - self.heard > SILENT_S:
                self.change()
            return False
        self.socket.send(frame.SerializeToString())
        return True

    def receive(self, seconds):
        """A frame; None after so long without one."""
        if self.socket.poll(seconds * 1000):
            self.heard = time.monotonic()
            return wire.Frame.FromString(self.socket.recv())
        if time.monotonic() - self.heard > SILENT_S:
            self.change()
        return None


def request_id(at, text):
    """A UUIDv7 of the event's time and what is done: the same whenever it is made, as in libwhistle."""
    b = bytearray(at.to_bytes(6, "big") + hashlib.blake2b(text.encode(), digest_size=16).digest()[:10])
    b[6], b[8] = 0x70 | b[6] & 0x0F, 0x80 | b[8] & 0x3F
    return bytes(b)


def command(door, body, id):
    """Sends it until it is answered: a lost answer never acts twice. Done, or the error."""
    frame = wire.Frame(command=wire.Command(request_id=id, body=body.SerializeToString()))
    door.heard = time.monotonic()
    while True:
        again = time.monotonic() + RESEND_S
        door.send(frame)
        while (left := again - time.monotonic()) > 0:
            got = door.receive(left)
            if got and got.answer.request_id == id:
                if got.answer.error.status == 401 and door.rotated():
                    door.change()
                    break
                if got.answer.error.status not in (429, 503):
                    return got.answer.done if got.answer.HasField("done") else got.answer.error
                time.sleep(min(got.answer.error.retry_after_ms, 5000) / 1000)
                break


def new_task(event, me):
    """(id, title, assignment) where the event calls us: a whistle, a later call, a ruling, or a split that
    gives a joined whistle's task back."""
    what = event.WhichOneof("what")
    if what == "parted":
        mine = f"{event.parted.number}-{me}"
        return next(((mine, "", clocks) for clocks in event.parted.restored if clocks.task == mine), None)
    if what == "dispatched":
        whistle = event.dispatched.whistle
        number, title, given = whistle.number, whistle.title, event.dispatched.tasks
    elif what == "departments_added":
        number, title, given = event.departments_added.number, "", event.departments_added.tasks
    elif what == "ruled" and event.ruled.HasField("assigned"):
        number, title, given = event.ruled.task.rsplit("-", 1)[0], "", [event.ruled.assigned]
    else:
        return None
    return next(((f"{number}-{me}", title, g) for g in given if g.department == me), None)


def take(door, row, me):
    envelope = wire.Event.FromString(row.body)
    event = words_of.DispatchEvent.FromString(envelope.payload)
    if event.HasField("supported"):  # one more person reports the matter that we work on
        more = event.supported
        print(f"more on  {more.number}: {more.title} {more.text}", *more.danger, flush=True)
    task = new_task(event, me)
    if not task:
        return
    name, title, given = task
    due = time.strftime("%m-%d %H:%M", time.localtime(given.due_sign / 1000))
    print(f"new task {name} {title}  sign by {due}", flush=True)
    sign = words_of.DispatchCommand(sign=words_of.SignTasks(tasks=[name]))
    answer = command(door, sign, request_id(envelope.at, "sign/" + name))
    if answer.DESCRIPTOR.name == "Done":
        print(f"signed   {name} (event {answer.seq})", flush=True)
    else:
        print(f"refused  {name}: {answer.rule} {answer.detail}", flush=True)


def read_cursor(path):
    if not os.path.exists(path):
        return 0, b""
    seq, hash = words(path)[0]
    return int(seq), b"" if hash == "-" else bytes.fromhex(hash)


def write_cursor(path, seq, hash):
    """After any crash the file is the old or the new one."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(f"{seq} {hash.hex() or '-'}\n")
        file.flush()
        os.fsync(file.fileno())
    os.rename(path + ".new", path)


def follow(door, feed, me, path):
    seq, hash = read_cursor(path)
    asked = None  # the connection over which Follow went out
    while True:
        if asked is not feed.socket:
            hello = wire.Follow(feed="dispatch", name="example-python", after=seq, hash=hash,
                                credit_events=CREDIT, credit_bytes=4 << 20)
            asked = feed.socket if feed.send(wire.Frame(follow=hello)) else None
        frame = feed.receive(1)
        if frame is None:
            continue
        if frame.HasField("rewound"):
            sys.exit(f"REWOUND: {frame.rewound.why}; the journal is not the one followed so far. To begin"
                     f" anew remove {path}: what is signed stays signed once.")
        if frame.HasField("answer"):  # refused, or a publisher that was restarted
            if frame.answer.error.status == 401 and feed.rotated():
                feed.change()
                continue
            if frame.answer.error.status not in (429, 503):
                print(f"not allowed: {frame.answer.error.rule}", file=sys.stderr, flush=True)
            time.sleep(min(max(frame.answer.error.retry_after_ms, 100), 5000) / 1000)
            asked = None
        elif frame.HasField("events") and frame.events.after != seq:
            feed.change()  # a gap: ask again after our cursor, on a line without what is still under way
        elif frame.HasField("events"):
            for row in frame.events.events:
                take(door, row, me)  # signed, or refused for good, when it returns
            if frame.events.upto != seq:
                seq, hash = frame.events.upto, frame.events.hash
                write_cursor(path, seq, hash)
            size = sum(len(row.body) for row in frame.events.events)
            feed.send(wire.Frame(credit=wire.Credit(feed="dispatch", seen=seq, credit_bytes=size,
                                                    credit_events=len(frame.events.events))))


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    here = os.path.dirname(os.path.abspath(__file__))
    wire, words_of = vocabulary(sys.argv[4] if len(sys.argv) == 5 else here + "/../../../proto")
    identity = dict(words(sys.argv[1]))["identity"]
    follow(Line("door", *sys.argv[1:3]), Line("feed", *sys.argv[1:3]), identity,
           sys.argv[3])
