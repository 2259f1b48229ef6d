#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares our JSON with Python's json_format.

Reads lines "TYPE HEX JSON" from FILE; TYPE is the short name of a message in proto/whistle/v1. The
wire bytes are parsed with Python's protobuf, turned to JSON with preserved names, changed by our three
rules (enums without prefix, int64 as numbers, times as RFC 3339) and must equal our JSON.
Usage: json_check.py SOURCE_DIR FILE
"""
import datetime
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

from google.protobuf import json_format, symbol_database
from google.protobuf.descriptor import FieldDescriptor as F

EPOCH = datetime.datetime(1970, 1, 1)


def is_time(field):
    return field.type == F.TYPE_INT64 and (
        field.name.endswith("_at") or field.name.startswith("due_"))


def rfc3339(ms):
    at = EPOCH + datetime.timedelta(milliseconds=ms)
    text = "%04d-%02d-%02dT%02d:%02d:%02d" % (
        at.year, at.month, at.day, at.hour, at.minute, at.second)
    return text + (".%03d" % (ms % 1000) if ms % 1000 else "") + "Z"


def prefix(enum):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", enum.name).upper() + "_"


def one(field, value):
    if field.type == F.TYPE_MESSAGE:
        return ours(field.message_type, value)
    if field.type == F.TYPE_ENUM:
        assert value.startswith(prefix(field.enum_type)), value
        return value[len(prefix(field.enum_type)):]
    if is_time(field):
        return rfc3339(int(value))
    if field.type == F.TYPE_INT64:
        return int(value)
    return value


def ours(descriptor, theirs):
    """Python's JSON of a message, changed by our three rules."""
    out = {}
    for name, value in theirs.items():
        field = descriptor.fields_by_name[name]
        if field.label == F.LABEL_REPEATED:
            out[name] = [one(field, v) for v in value]
        else:
            out[name] = one(field, value)
    return out


def longest_reals(text):
    """Every double must be written in as few digits as Python's repr needs."""
    for number in re.findall(r"(?<![\w\"+.-])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?=[,\]}])", text):
        if ("." in number or "e" in number) and \
                len(re.sub(r"e.*|\D|0+$|^0+", "", number)) > len(re.sub(r"e.*|\D", "", repr(float(number)))):
            raise AssertionError("not the shortest: " + number)


def main():
    source, path = sys.argv[1:]
    with tempfile.TemporaryDirectory() as out:
        files = glob.glob(os.path.join(source, "proto/whistle/v1/*.proto"))
        subprocess.run(["protoc", "-I", os.path.join(source, "proto"), "--python_out=" + out, *files],
                       check=True)
        sys.path.insert(0, out)
        for file in files:
            __import__("whistle.v1." + os.path.basename(file)[:-6] + "_pb2")
        database = symbol_database.Default()
        n = 0
        for line in open(path, encoding="utf-8"):
            name, wire, text = line.rstrip("\n").split(" ", 2)
            message = database.GetSymbol("whistle.v1." + name)()
            message.ParseFromString(bytes.fromhex(wire))
            theirs = json_format.MessageToDict(message, preserving_proto_field_name=True)
            expected = ours(message.DESCRIPTOR, theirs)
            if json.loads(text) != expected:
                print("%s differs\nours:   %s\ntheirs: %s" % (name, text, json.dumps(expected)))
                return 1
            longest_reals(re.sub(r'"(?:[^"\\]|\\.)*"', '""', text))
            n += 1
    print("%d messages agree" % n)
    return 0


if __name__ == "__main__":
    sys.exit(main())
