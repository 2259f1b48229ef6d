#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line against a living system: many lines in order, exit codes, silence, both languages,
keys that come and go, the district's data there and back, notices under kills, the journals' chain
(last, because it damages them)."""
import collections
import json
import os
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import distinct  # noqa: E402
import runner  # noqa: E402
from cluster import Cluster  # noqa: E402

STREET, GAS = "990101002", ["GASCO", "FIRE", "POLICE", "URBAN", "EMERG"]
cluster = None


def cli(who, *words, stdin=None, lang="en", **options):
    """A run as a person sees it: (exit code, standard output, standard error)."""
    done = subprocess.run([*cluster.command(who), *words, "--lang", lang], input=stdin, text=True,
                          capture_output=True, timeout=60, **options)
    return done.returncode, done.stdout, done.stderr


def gas(title, **more):
    return {"category": "GAS_LEAK", "title": title, "text": distinct.words(seed=title),
            "place": {"address": "染坊街"}, **more}


def lines(*objects, who=STREET, words=(), expect=0):
    text = "".join((o if isinstance(o, str) else json.dumps(o, ensure_ascii=False)) + "\n" for o in objects)
    return cluster.whistle(who, "raise", "--file", "-", *words, stdin=text, expect=expect)


def test_lines_in_order():
    first, second = "01a20829-cc2f-70e0-9519-ad408fceea3b", "01a20829-cc2f-70e0-9519-ad408fceea3c"
    now = f"{int(time.time() * 1000):012x}"
    first, second = (f"{now[:8]}-{now[8:]}{i[13:]}" for i in (first, second))
    out = lines(gas("a"), "not json", "", "[1]", gas("b", colour="red"), gas("c", priority="P9"),
                gas("d", request_id=first, officer="o-1"), gas("d", request_id=first, officer="o-1"),
                gas("e", request_id=first), gas("f", request_id="x"), gas("g", request_id=second),
                expect=1)
    assert [o["line"] for o in out] == list(range(1, 12))
    status = [o.get("error", {}).get("status", 0) for o in out]
    assert status == [0, 400, 400, 400, 400, 400, 0, 0, 422, 400, 0], status
    assert out[4]["error"]["field"] == "colour" and out[5]["error"]["field"] == "priority"
    assert out[6]["number"] == out[7]["number"] != out[10]["number"]
    assert sorted(t["department"] for t in out[0]["tasks"]) == sorted(GAS)
    assert [t["part"] for t in out[0]["tasks"]].count("LEAD") == 1
    assert all(t["due_sign"] < t["due_checkin"] < t["due_resolve"] for t in out[0]["tasks"])
    again = lines(gas("g", request_id=second))
    assert again[0]["number"] == out[10]["number"] and again[0]["request_id"] == second


def test_many_lines():
    def vendors():
        one = {"category": "STREET_VENDOR", "title": "流动摊贩", "place": {"address": "染坊街"}}
        return [distinct.apart(one) for _ in range(1000)]

    out = lines(*vendors())
    assert [o["line"] for o in out] == list(range(1, 1001))
    assert len({o["number"] for o in out}) == 1000 and all(len(o["tasks"]) == 3 for o in out)
    quick = lines(*vendors(), words=["--no-wait"])
    assert all(o["state"] == "BLOWN" and o["tasks"] == [] for o in quick)


def test_slow_input_is_answered_at_once():
    child = subprocess.Popen([*cluster.command(STREET), "raise", "--file", "-", "--json"], text=True,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for i in range(3):
        child.stdin.write(json.dumps(gas(f"slow {i}")) + "\n")
        child.stdin.flush()
        assert json.loads(child.stdout.readline())["line"] == i + 1  # before the input ends
    child.stdin.close()
    assert child.wait(20) == 0


def test_exit_codes_and_languages():
    number = lines(gas("codes"))[0]["number"]
    assert cli(STREET, "show", number)[0] == 0
    code, out, err = cli(STREET, "show", "AL-20200101-0001", lang="zh")
    assert (code, out) == (1, "") and "没有找到" in err, err
    assert cluster.whistle(STREET, "show", "AL-20200101-0001", expect=1)[0]["error"]["status"] == 404
    for wrong in (["show"], ["show", "a", "b"], ["nothing"], ["show", number, "--odd"],
                  ["raise", "--file", "/nowhere"], ["--key", "/nowhere", "list"]):
        code, out, _ = cli(STREET, *wrong)
        assert (code, out) == (2, ""), wrong
        assert cluster.whistle(STREET, *wrong, expect=2)[0]["error"]["code"] == "usage"
    zh, en = (cli(STREET, "show", number, lang=lang)[1] for lang in ("zh", "en"))
    assert "燃气公司" in zh and "签收" in zh and "还有" in zh, zh
    assert "Gas company" in en and "sign by" in en and "left" in en, en
    assert "\033" not in zh + en  # no terminal, no colours
    env = {**os.environ, "LC_ALL": "zh_CN.UTF-8"}
    done = subprocess.run([*cluster.command(STREET), "list", "--limit", "1"], env=env, text=True,
                          capture_output=True)
    assert "哨号" in done.stdout, done.stdout
    # A title that would move the cursor or ring the bell is refused by the service or shown harmless.
    code, out, _ = cli(STREET, "raise", "--category", "GAS_LEAK", "--title", "a\033[2Jb")
    assert "\033" not in out


def test_silence_is_told_with_the_way_back():
    dispatch = cluster.processes["dispatch"]
    dispatch.send(signal.SIGSTOP)
    try:
        code, out, err = cli(STREET, "raise", "--category", "GAS_LEAK", "--title", "x", "--timeout", "2")
        assert code == 3 and "AL-" in out and "saved" in err, (code, out, err)
        code, out, err = cli("GASCO", "sign", "AL-20261123-0001-GASCO", "--timeout", "2")
        assert code == 3 and "--request-id" in err, (code, out, err)
        code, out, _ = cli("OPERATOR", "doctor", "--timeout", "2")
        assert code == 1 and "✗ dispatch" in out, out
    finally:
        dispatch.send(signal.SIGCONT)
    cluster.wait_ready("dispatch")
    runner.until(lambda: cli("OPERATOR", "doctor")[0] == 0)  # dedup hears it again, too


def test_keys_come_and_go():
    keys = cluster.dir + "/keys"
    path, ring = keys + "/second.key", keys + "/keyring"
    whistle = cluster.bin("whistle")
    cluster.sh([whistle, "key", "new", "GASCO", "--role", "department", "--out", path, "--keyring", ring])
    assert os.stat(path).st_mode & 0o777 == 0o600
    command = [whistle, "--doors", keys + "/doors", "--key", path, "--timeout", "2", "tasks"]
    runner.until(lambda: subprocess.run(command, capture_output=True).returncode == 0, 8)
    public = next(x.split()[1] for x in open(path) if x.startswith("public "))
    cluster.sh([whistle, "key", "revoke", public, "--keyring", ring])
    began = time.monotonic()
    runner.until(lambda: subprocess.run(command, capture_output=True).returncode == 1, 12)
    assert time.monotonic() - began < 8
    assert cluster.whistle("GASCO", "tasks", "--limit", "1")[0]["tasks"]  # the other key lives on
    rows = cluster.whistle("OPERATOR", "key", "list", "--keyring", ring)
    assert [r["live"] for r in rows if r["identity"] == "GASCO"] == [True, False]


def test_district_there_and_back():
    exported = cluster.dir + "/log/exported.json"
    cluster.whistle("OPERATOR", "export", exported)
    assert cluster.whistle("OPERATOR", "import", exported)[0]["changes"] == []
    data = json.load(open(exported))
    gas_leak = next(c for c in data["categories"] if c["code"] == "GAS_LEAK")
    gas_leak["support"].remove("EMERG")
    data["departments"].append({"code": "NEWCO", "zh": "新公司", "kind": "部门", "duty": "7x24"})
    json.dump(data, open(exported, "w"))
    changes = cluster.whistle("OPERATOR", "import", exported)[0]
    data["departments"].pop()  # a code once adopted stays: this one is only looked at
    json.dump(data, open(exported, "w"))
    assert not changes["applied"] and len(changes["changes"]) == 2, changes
    assert {(c["table"], c["change"]) for c in changes["changes"]} == {
        ("departments", "ADDED"), ("routes", "CHANGED")}
    version = changes["version"]
    assert len(lines(gas("before"))[0]["tasks"]) == 5
    cluster.whistle("GASCO", "import", exported, "--apply", expect=1)
    assert cluster.whistle("OPERATOR", "import", exported, "--apply")[0]["version"] == version + 1
    runner.until(lambda: len(lines(gas("after"))[0]["tasks"]) == 4)
    cluster.whistle("OPERATOR", "import", cluster.district, "--apply")
    gas_leak["lead"] = "NOBODY"
    json.dump(data, open(exported, "w"))
    fault = cluster.whistle("OPERATOR", "import", exported, "--apply", expect=1)[0]
    assert fault["path"].startswith("categories[") and fault["path"].endswith("].lead"), fault
    assert fault["rule"] == "field.unknown", fault
    code, out, _ = cli("DISTRICT", "route", "GAS_LEAK", STREET, "--explain")
    assert code == 0 and "GASCO" in out and "the category's rule" in out


def test_check_and_simulate():
    checked = cluster.whistle("DISTRICT", "check")[0]
    assert checked["pairs"] == 31 * 6 and checked["holes"] == [], checked
    result = cluster.whistle("DISTRICT", "simulate", "--routing", cluster.district)[0]
    # Only the one that was raised while EMERG was not called for gas leaks.
    assert result["whistles"] > 2000 and result["changed"] == 1, result
    assert result["lines"][0]["added"] == ["EMERG"], result


def notify(*words):
    folder = cluster.dir + "/log/notify"
    os.makedirs(folder, exist_ok=True)
    return [*cluster.command("NOTIFIER"), "notify", *words, "--cursor", folder + "/cursor"]


def test_notices_none_twice_none_missed():
    folder = cluster.dir + "/log/notify"
    drained = subprocess.run(notify("--outbox", folder, "--once"), capture_output=True, timeout=300)
    assert drained.returncode == 0, drained.stderr
    numbers = [o["number"] for o in lines(*(gas(f"k{i}") for i in range(40)))]
    sent = cluster.dir + "/log/sent"
    command = notify("--exec", f"echo \"$WHISTLE_NOTICE_ID\" >> {sent}")
    chance, end = random.Random(11), time.monotonic() + 6
    while time.monotonic() < end:
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.01, 0.25))
        child.kill()
        child.wait()
    assert subprocess.run([*command, "--once"], capture_output=True, timeout=120).returncode == 0
    seen = collections.Counter(open(sent).read().split())
    calls = [k for k in seen if "/CALL/" in k and k.split("/")[0].rpartition("-")[0] in numbers]
    assert len(calls) == 40 * 5, len(calls)
    assert max(seen.values()) == 1, [k for k, n in seen.items() if n > 1]
    states = cluster.whistle(STREET, "notices", numbers[0])[0]["notices"]
    assert {n["state"] for n in states} == {"SENT"}, states


def test_failed_notice_goes_on_to_the_next_contact():
    number = lines(gas("fails"))[0]["number"]
    command = notify("--exec", "case $WHISTLE_NOTICE_CHANNEL in *GASCO-0) exit 7;; esac", "--once")
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=120)
    rows = [json.loads(row) for row in done.stdout.splitlines()]
    failed = [r for r in rows if r["id"].startswith(number) and r["verdict"] == "FAILED"]
    assert [r["channel"] for r in failed] == ["outbox:GASCO-0"] and "7" in failed[0]["why"], failed
    subprocess.run(command, capture_output=True, timeout=120)
    shown = cluster.whistle(STREET, "notices", number)[0]["notices"]
    gasco = [n["state"] for n in shown if n["receiver"] == "GASCO"]
    assert gasco == ["FAILED", "SENT"], shown


def test_follow_goes_on_where_it_ended():
    cursor = cluster.dir + "/log/follow.cursor"
    words = ["follow", "--cursor", cursor, "--once"]
    first = cluster.whistle("GASCO", *words)
    assert [e["seq"] for e in first] == sorted(e["seq"] for e in first)
    assert cluster.whistle("GASCO", *words) == []
    number = lines(gas("followed"))[0]["number"]
    cluster.whistle("GASCO", "sign", number + "-GASCO")
    more = runner.until(lambda: cluster.whistle("GASCO", *words))
    assert [e["kind"] for e in more if e.get("number") == number][:1] == ["WhistleDispatched"]
    assert min(e["seq"] for e in more) > max(e["seq"] for e in first)
    cluster.whistle("GASCO", "follow", "--subject", "FIRE", "--once", expect=1)  # not its own


def test_z_chain():
    heads = {v["schema"]: v["head"] for v in cluster.whistle("AUDITOR", "history", "--verify")}
    assert set(heads) == {"intake", "dedup", "dispatch"}
    verify = ["history", "--verify", "dispatch"]
    cluster.whistle("AUDITOR", *verify, "--since", heads["dispatch"])
    cluster.whistle("GASCO", *verify, expect=1)
    cluster.sql("CREATE TABLE public.kept AS SELECT * FROM dispatch.journal WHERE seq IN (40, 41)")
    last = int(heads["dispatch"].split(":")[0])

    def bad(change, seq, words=()):
        cluster.sql(change)
        found = cluster.whistle("AUDITOR", *verify, *words, expect=1)[0]
        assert (found["schema"], found["good"], found["seq"]) == ("dispatch", False, seq), found

    bad("UPDATE dispatch.journal SET body = set_byte(body, 9, get_byte(body, 9) # 1) WHERE seq = 40", 40)
    cluster.sql("UPDATE dispatch.journal j SET body = k.body FROM public.kept k WHERE j.seq = k.seq")
    bad("UPDATE dispatch.journal SET hash = set_byte(hash, 0, get_byte(hash, 0) # 1) WHERE seq = 41", 41)
    cluster.sql("UPDATE dispatch.journal j SET hash = k.hash FROM public.kept k WHERE j.seq = k.seq")
    cluster.whistle("AUDITOR", *verify)
    bad("DELETE FROM dispatch.journal WHERE seq = 40", 40)
    cluster.sql("INSERT INTO dispatch.journal SELECT * FROM public.kept WHERE seq = 40")
    cluster.whistle("AUDITOR", *verify)
    bad(f"DELETE FROM dispatch.journal WHERE seq > {last - 3}", last - 2, ["--since", heads["dispatch"]])


def main():
    global cluster
    with Cluster() as cluster:
        os.chmod(cluster.dir, 0o755)
        return runner.main(globals())


if __name__ == "__main__":
    sys.exit(main())
