# SPDX-License-Identifier: Apache-2.0
"""What must be true after the killing: what the publishers and departments wrote down, against the
database. Each check_… is one invariant; it raises AssertionError with the first few offenders."""
import collections
import json
import os

BLOWN, DISPATCHED, SIGNED, NOTICE_SENT, JOINED = 3, 3, 5, 26, 32
CLEARED, MERGED = 3, 5  # of dedup
TWIN_BACK = 64
DIGITS = str.maketrans("abcdefghij", "0123456789")
NOTICE_ID = (r"(?:AL-[0-9]{8}-[0-9]{4,7}[A-Z-]*|[A-Z]+)/[^/\\]+/[^/\\]+/"
             r"(?:[0-9]+\.[0-9]+/)?[A-Z0-9]+-[0-9]+\.[0-9]+")
MIX = ("EBIKE_CHARGE", "FIRE_LANE", "RIVER_POLLUTION")


def told_by(index):
    """Which one this tells again; itself where it is the first. The same as in chaos_publish.c."""
    return index - TWIN_BACK if index % 10 == 9 and index >= TWIN_BACK else index


def category_of(index):
    """The same mix as chaos_publish.c."""
    index = told_by(index)
    if index % 50 == 0:
        return "ROAD_COLLAPSE"
    return "GROUP_RENT" if index % 8 == 7 else MIX[index % 3]


def routes(district):
    """{category: frozenset of departments}, lead and supports (the test's whistles carry no tags)."""
    with open(district) as file:
        rows = json.load(file)["categories"]
    used = {category_of(i) for i in range(400)}
    return {r["code"]: frozenset([r["lead"], *r["support"]]) for r in rows if r["code"] in used}


def few(things):
    things = sorted(things)
    return f"{len(things)}: {things[:5]}"


class Department:
    """One department's file, read the way its own restart reads it."""

    def __init__(self, path):
        self.ranges, self.events, self.tasks, self.signs = [], [], {}, set()
        batch = []
        with open(path) as file:
            for line in file:
                if not line.endswith("\n"):
                    break
                words = line.split()
                if words[0] != "R":
                    batch.append(words)
                    continue
                self.take(int(words[1]), int(words[2]), batch)
                batch = []
        self.answers = []
        if os.path.exists(path + ".signed"):
            with open(path + ".signed") as file:
                self.answers = [tuple(map(int, line.split())) for line in file]

    def take(self, after, upto, batch):
        self.ranges.append((after, upto, [int(w[1]) for w in batch]))
        for words in batch:
            self.events.append(int(words[1]))
            if words[0] == "T":
                self.tasks[int(words[2])] = int(words[5])
                if words[4] == "1":
                    self.signs.add(int(words[2]))


class Verdict:
    def __init__(self, cluster, folder, streams, counts, departments):
        self.cluster, self.streams, self.counts = cluster, streams, counts
        self.routes = routes(cluster.district)
        self.departments = {d: Department(f"{folder}/{d}") for d in departments}
        self.folder = folder
        self.acknowledged = {}
        self.twice = []
        for stream in range(streams):
            with open(f"{folder}/publish-{stream}") as file:
                for line in file:
                    index, seq, number = line.split()
                    key = (stream, int(index))
                    if key in self.acknowledged:
                        self.twice.append(key)
                    self.acknowledged[key] = (int(seq), self.object(number))
        self.codes = {int(i): c for c, i in cluster.sql("SELECT code, id FROM intake.code")}
        self.blown = self.read_blown()
        # what dispatch took from intake itself, before there was a dedup
        known = int(cluster.sql("SELECT coalesce(max(seq), 0) FROM dispatch.cursor WHERE "
                                "feed = 'intake'")[0][0])
        self.known = {n for rows in self.blown.values() for seq, n in rows if seq <= known}
        self.cleared, self.merged = self.read_checked()

    @staticmethod
    def object(number):
        _, day, n = number.split("-")
        return int(day) * 10**7 + int(n)

    def read_blown(self):
        """{(stream, index): [(seq, object)]} of intake's journal."""
        found = collections.defaultdict(list)
        for seq, number, marker in self.cluster.sql(
                "SELECT seq, object, substring(encode(body, 'escape') from "
                f"'chaos-[a-j]+-[a-j]+') FROM intake.journal WHERE kind = {BLOWN}"):
            _, stream, index = marker.split("-")
            key = int(stream.translate(DIGITS)), int(index.translate(DIGITS))
            found[key].append((int(seq), int(number)))
        return found

    def read_checked(self):
        """What dedup said of each: ({object: how often it is a matter of its own}, {object: [root]})."""
        cleared = {int(n): int(times) for n, times in self.cluster.sql(
            f"SELECT object, count(*) FROM dedup.journal WHERE kind = {CLEARED} GROUP BY object")}
        merged = collections.defaultdict(list)
        for number, parent in self.cluster.sql("SELECT child, parent FROM dedup.membership"):
            merged[int(number)].append(int(parent))
        return cleared, merged

    # ---- intake ---------------------------------------------------------------------------------

    def check_every_whistle_is_acknowledged(self):
        wanted = {(s, i) for s in range(self.streams) for i in range(self.counts[s])}
        missing = wanted - set(self.acknowledged)
        assert not missing, "never acknowledged " + few(missing)

    def check_no_acknowledged_whistle_is_lost(self):
        lost = [k for k, place in self.acknowledged.items() if place not in self.blown.get(k, [])]
        assert not lost, "lost " + few(lost)
        rows = {(int(s), int(i)) for s, i in self.cluster.sql("SELECT seq, id FROM intake.whistle")}
        lost = set(self.acknowledged.values()) - rows
        assert not lost, "not in intake.whistle " + few(lost)

    def check_no_request_has_a_second_effect(self):
        doubled = [k for k, rows in self.blown.items() if len(rows) != 1]
        assert not doubled, "blown twice " + few(doubled)
        numbers = [n for rows in self.blown.values() for _, n in rows]
        assert len(numbers) == len(set(numbers)), "a number was given twice"
        answers = int(self.cluster.sql("SELECT count(*) FROM intake.answer a JOIN intake.journal j "
                                       f"ON j.seq = a.seq WHERE j.kind = {BLOWN}")[0][0])
        assert answers == len(self.blown), (answers, len(self.blown))

    # ---- dedup ----------------------------------------------------------------------------------

    def check_every_whistle_is_checked_once(self):
        """Each is a matter of its own or joined to one that is, and the journal says so once."""
        numbers = {n for rows in self.blown.values() for _, n in rows}
        rows = self.cluster.sql("SELECT object, count(*) FROM dedup.journal WHERE "
                                f"kind = {MERGED} GROUP BY 1")
        joined = {int(n): int(times) for n, times in rows}
        assert set(joined) == set(self.merged), "joined otherwise " + few(set(joined) ^ set(self.merged))
        twice = [n for counts in (self.cleared, joined) for n, times in counts.items() if times != 1]
        assert not twice, "checked twice " + few(twice)
        both = set(self.cleared) & set(joined)
        assert not both, "new and joined " + few(both)
        never = numbers ^ (set(self.cleared) | set(joined))
        assert not never, "not checked " + few(never)
        assert not self.known & set(joined), "joined, and known before " + few(self.known & set(joined))

    def check_nothing_else_than_what_is_told_again_is_joined(self):
        of = {n: key for key, rows in self.blown.items() for _, n in rows}
        wrong = [n for n, parents in self.merged.items() if len(parents) != 1 or
                 of[n][0] != of[parents[0]][0] or told_by(of[n][1]) != told_by(of[parents[0]][1])]
        assert not wrong, "joined to something else " + few(wrong)

    def check_what_is_told_again_is_joined(self):
        of = {n: key for key, rows in self.blown.items() for _, n in rows}
        first = {key: rows[0][1] for key, rows in self.blown.items()}
        again = {n: first.get((stream, told_by(index))) for n, (stream, index) in of.items()
                 if told_by(index) != index and n not in self.known}
        apart = [n for n, other in again.items() if other and not {n, other} & set(self.merged)]
        assert not apart, "told again and not joined " + few(apart)

    # ---- dispatch -------------------------------------------------------------------------------

    def check_no_fan_out_is_torn(self):
        category = {n: category_of(k[1]) for k, rows in self.blown.items() for _, n in rows
                    if n not in self.merged}
        torn, seen = [], set()
        for number, bodies in self.cluster.sql(
                "SELECT whistle, string_agg(body::text, ',') FROM dispatch.task GROUP BY whistle"):
            called = frozenset(self.codes[int(b)] for b in bodies.split(","))
            seen.add(int(number))
            if called != self.routes.get(category.get(int(number))):
                torn.append(int(number))
        assert not torn, "torn " + few(torn)
        assert seen == set(category), "not dispatched " + few(set(category) ^ seen)

    def check_every_whistle_is_dispatched_once(self):
        rows = self.cluster.sql("SELECT object, count(*) FROM dispatch.journal WHERE "
                                f"kind = {DISPATCHED} GROUP BY object HAVING count(*) <> 1")
        assert not rows, "dispatched twice " + few(rows)
        rows = self.cluster.sql("SELECT j.object FROM dispatch.journal j JOIN dispatch.whistle w "
                                f"ON w.id = j.object WHERE j.kind = {DISPATCHED}")
        other = {int(n) for n, in rows} ^ set(self.cleared)
        assert not other, "dispatched and not cleared, or the other way " + few(other)

    def check_every_chosen_task_is_signed_once(self):
        signed = self.cluster.sql("SELECT j.object, c.id, count(*) FROM dispatch.journal j JOIN "
                                  "intake.code c ON c.code = substring(encode(j.body, 'escape') from "
                                  "'AL-[0-9]{8}-[0-9]{4,7}-([A-Z]+)') "
                                  f"WHERE j.kind = {SIGNED} GROUP BY 1, 2")
        counts = {(int(w), self.codes[int(b)]): int(n) for w, b, n in signed}
        wanted = {(w, d) for d, file in self.departments.items() for w in file.signs}
        doubled = [k for k, n in counts.items() if n != 1]
        assert not doubled, "signed twice " + few(doubled)
        assert set(counts) == wanted, "signed otherwise than asked " + few(set(counts) ^ wanted)
        answered = {(w, d) for d, file in self.departments.items() for w, _ in file.answers}
        assert answered == wanted, "sign not answered " + few(answered ^ wanted)

    # ---- departments ----------------------------------------------------------------------------

    def check_every_range_is_contiguous(self):
        for name, file in self.departments.items():
            at = 0
            for after, upto, events in file.ranges:
                assert after == at and upto >= after, f"{name}: ({after}, {upto}] after {at}"
                assert events == sorted(set(events)), f"{name}: order in ({after}, {upto}]"
                assert all(after < e <= upto for e in events), f"{name}: outside ({after}, {upto}]"
                at = upto

    def check_every_range_is_complete(self):
        ids = {c: i for i, c in self.codes.items()}
        for name, file in self.departments.items():
            rows = self.cluster.sql("SELECT seq FROM dispatch.journal WHERE "
                                    f"{ids[name]} = ANY(subjects) ORDER BY seq")
            upto = file.ranges[-1][1]
            there = [int(r[0]) for r in rows if int(r[0]) <= upto]
            assert there == file.events, f"{name}: differ " + few(set(there) ^ set(file.events))
            beyond = [r for r in rows if int(r[0]) > upto]
            assert not beyond, f"{name}: not heard of " + few(beyond)

    def check_departments_saw_whole_whistles(self):
        tasks = collections.Counter()
        size = {}
        for file in self.departments.values():
            for number, n in file.tasks.items():
                tasks[number] += 1
                assert size.setdefault(number, n) == n, f"{number}: {size[number]} or {n} tasks"
        torn = [n for n in size if tasks[n] != size[n]]
        assert not torn, "torn at the departments " + few(torn)
        assert set(size) == set(self.cleared), few(set(size) ^ set(self.cleared))

    # ---- journals and notices -------------------------------------------------------------------

    def check_journals_are_whole(self):
        for schema in ("intake", "dedup", "dispatch"):
            rows, last, head = self.cluster.sql(
                f"SELECT count(*), max(seq), (SELECT seq FROM {schema}.head) FROM {schema}.journal")[0]
            assert rows == last == head, f"{schema}: {rows} rows, last {last}, head {head}"
            line = self.cluster.whistle("AUDITOR", "history", "--verify", schema, timeout=300)[0]
            after = self.cluster.sql(f"SELECT seq FROM {schema}.head")[0][0]
            assert line["good"] and int(rows) <= line["rows"] <= int(after), (rows, line, after)
            dead = self.cluster.sql(f"SELECT count(*) FROM {schema}.dead_letter")[0][0]
            assert dead == "0", f"{schema}: {dead} dead letters"

    def check_dispatch_is_the_fold_of_its_journal(self):
        line = self.cluster.sh([self.cluster.bin("peer_fold"), self.cluster.conninfo("whistle")])
        folded = json.loads(line)
        assert folded["faults"] == 0 and folded["whistles"] == len(self.blown), folded

    def notice_id(self, name):
        """A bundle's id begins with its receiver, and the byte of length before it may be a letter."""
        receiver = name.split("/")[0]
        return name if receiver[:3] == "AL-" or receiver in self.codes.values() else name[1:]

    def check_no_notice_is_missed_or_sent_twice(self):
        issued, answered = {}, collections.Counter()
        for seq, kind, ids in self.cluster.sql(
                "SELECT seq, kind, array_to_string(ARRAY(SELECT (regexp_matches(encode(body, "
                f"'escape'), '{NOTICE_ID}', 'g'))[1]), ' ') FROM dispatch.journal "
                f"WHERE 2 = ANY(subjects) OR kind = {NOTICE_SENT}"):
            for name in map(self.notice_id, filter(None, ids.split(" "))):
                if int(kind) == NOTICE_SENT:
                    answered[name] += 1
                else:
                    issued[name] = int(seq)
        with open(f"{self.folder}/sent") as file:
            sent = collections.Counter(file.read().split())
        with open(f"{self.cluster.dir}/cursors/notify") as file:
            cursor = int(file.read().split()[0])
        self.notices = {"issued": len(issued), "sent": len(sent), "answered": len(answered)}
        doubled = [n for n, times in sent.items() if times != 1]
        assert not doubled, "sent twice " + few(doubled)
        assert not set(sent) - set(issued), "never issued " + few(set(sent) - set(issued))
        behind = {n for n, seq in issued.items() if seq <= cursor}
        assert behind, "no notice was sent at all"
        assert not behind - set(sent), "missed " + few(behind - set(sent))
        assert not behind - set(answered), "not answered " + few(behind - set(answered))
        doubled = [n for n, times in answered.items() if times != 1]
        assert not doubled, "answered twice " + few(doubled)

    def checks(self):
        return [(n[6:], getattr(self, n)) for n in dir(self) if n.startswith("check_")]
