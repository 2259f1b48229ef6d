#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Desks' telephone numbers: sealed at adoption, in no schema, log or list; the sender alone has them
opened, and an address that left the district cannot be opened any more."""
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import runner  # noqa: E402
from cluster import DISTRICT, Cluster  # noqa: E402

STREET = "990101002"
cluster = None


def phone(i):
    return f"1380000{i:04d}"


def district_with_phones(folder):
    with open(DISTRICT) as file:
        data = json.load(file)
    n = 0
    for desk in data["desks"]:
        for contact in desk["contacts"]:
            contact["channels"] = [f"sms:{phone(n)}"]
            n += 1
    path = os.path.join(folder, "district.json")
    with open(path, "w") as file:
        json.dump(data, file, ensure_ascii=False)
    return path


def outbox():
    texts = {}
    for root, _, files in os.walk(cluster.dir + "/outbox"):
        for name in (f for f in files if not f.startswith(".")):
            with open(os.path.join(root, name)) as file:
                texts[name] = file.read()
    return texts


def columns():
    """Every bytea and text column of both schemas."""
    return cluster.sql("SELECT table_schema, table_name, column_name, data_type "
                       "FROM information_schema.columns WHERE table_schema IN ('intake', 'dispatch') "
                       "AND data_type IN ('bytea', 'text')")


def everywhere(text):
    hits = []
    for schema, table, column, kind in columns():
        needle = f"'\\x{text.encode().hex()}'::bytea" if kind == "bytea" else f"'{text}'"
        if cluster.sql(f"SELECT 1 FROM {schema}.{table} WHERE position({needle} IN {column}) > 0 "
                       "LIMIT 1"):
            hits.append(f"{schema}.{table}.{column}")
    for name, process in cluster.processes.items():
        if text in process.tail(1000000):
            hits.append(name + ".log")
    return hits


def test_the_sender_alone_reads_a_number():
    cluster.start_notify()
    number = cluster.whistle(STREET, "raise", "--unit", STREET, "--category", "PIPE_BURST",
                             "--title", "水管爆裂")[0]["number"]
    texts = runner.until(lambda: len(outbox()) >= 4 and outbox(), seconds=20)
    assert all("138000" in text for text in texts.values()), texts
    assert not any("sealed." in text for text in texts.values()), texts
    assert everywhere("138000") == [], everywhere("138000")
    listed = json.dumps(cluster.whistle("DISTRICT", "notices", number))
    assert "sms" in listed and "138000" not in listed and "sealed." not in listed, listed


def test_a_number_that_left_is_gone():
    before = int(cluster.sql("SELECT count(*) FROM intake.person")[0][0])
    with open(cluster.district) as file:
        data = json.load(file)
    data["desks"][0]["contacts"][0]["channels"] = ["outbox:" + data["desks"][0]["body"]]
    path = os.path.join(cluster.dir, "changed.json")
    with open(path, "w") as file:
        json.dump(data, file, ensure_ascii=False)
    os.chmod(path, 0o644)
    cluster.whistle("OPERATOR", "import", path, "--apply")
    assert int(cluster.sql("SELECT count(*) FROM intake.person")[0][0]) == before - 1
    assert cluster.sql("SELECT count(*) FROM intake.journal WHERE kind = 11") == [["1"]]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        with Cluster(district=district_with_phones(folder)) as cluster:
            code = runner.main(globals())
    sys.exit(code)
