#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The house's laws, read from the sources and from what was built: who may include whom, that the pure
libraries stay pure, the same rooms in every service, what the vocabulary may hold, the look of files.

A part of it is measured against the design's aims (400 lines a file) and only told; twice the aim or a
broken law fails. Programs and libraries come from the build folder named by WHISTLE_BUILD.
"""
import functools
import glob
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
import runner  # noqa: E402

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get("WHISTLE_BUILD", os.path.join(TOP, "build-test"))
KERNELS = ("base", "district", "match", "quota")      # pure libraries
PLATFORM = ("http", "client", "runtime")             # what programs stand on
TOOLS = ("cli", "migrate")                   # programs that are no services
# Where a room may look besides itself. "whistle": our public header and the generated messages.
MAY = {
    "base": set(),
    "quota": {"base"},
    "district": {"base", "whistle"},
    "match": {"base"},
    "http": {"base"},
    "client": {"base", "whistle"},
    "runtime": {"base", "client", "http", "whistle"},
    "cli": {"base", "client", "district", "match", "whistle"},
    "migrate": {"base", "runtime"},
}
SERVICE_MAY = {"base", "client", "http", "runtime", "district", "match", "quota", "whistle"}
RULES_MAY = {"base", "district", "match", "quota", "whistle"}
NAMES_OF_ROLES = "client/keys.h"  # rules ask who acts; that they call nothing of it is tested below
BOUND = ("main", "wire", "handler", "view", "store")  # a service's files that are no pure rules
OUTSIDE = {"uv.h": ("client", "http", "runtime"), "zmq.h": ("client", "runtime"), "libpq-fe.h": ("runtime",),
           "curl/curl.h": ("cli",), "utf8proc.h": ("match",), "time.h": None}
IMPURE = re.compile(r"^(uv_.*|zmq_.*|PQ.*|time|clock_gettime|gettimeofday|rand|random|srand|getrandom"
                    r"|randombytes.*|crypto_\w+_keygen|open|openat|fopen|read|write|socket|connect|getenv"
                    r"|secure_getenv|nanosleep|usleep|sleep|localtime|localtime_r|mktime|pthread_create)$")
HEADINGS = ["Purpose", "Messages", "Tables", "Settings", "When it dies", "Files"]
ROOMS = ("README.md", "main.c", "wire.c", "handler.c", "store.c")
TOP_LEVEL = {"README.md", "CMakeLists.txt", "docker-compose.yml", "LICENSE", "proto", "include", "services",
             "deploy", "tests"}
DEPLOY = {"up", "down", "status", "logs", "reset", "whistle", "docker", "migrations", "config", "demo",
          "build", "README.md"}


@functools.cache
def files():
    """What is or would be committed."""
    out = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=TOP,
                         capture_output=True, text=True)
    if out.returncode != 0:  # an export without history
        return sorted(os.path.relpath(os.path.join(folder, name), TOP)
                      for folder, _, names in os.walk(TOP) for name in names
                      if "/build" not in folder and "__pycache__" not in folder)
    return sorted(f for f in out.stdout.splitlines() if os.path.exists(os.path.join(TOP, f)))


@functools.cache
def text(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read()


def sources(*ends, under=""):
    return [f for f in files() if f.startswith(under) and f.endswith(ends)]


def services():
    """Rooms that are services: those with a descriptor (main.c) that stand on the runtime."""
    rooms = {f.split("/")[1] for f in sources("/main.c", under="services/") if f.count("/") == 2}
    return sorted(rooms - set(TOOLS))


def includes(path):
    return re.findall(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', text(path), re.M)


def is_rule(room, name):
    """A source that is no bound one; a header that such a source includes, also through others."""
    if room not in services() or re.match(r"(%s)(_\w+)?\.[ch]$" % "|".join(BOUND), name):
        return False
    return name.endswith(".c") or f"{room}/{name}" in rule_headers(room)


@functools.cache
def rule_headers(room):
    queue = [f for f in sources(".c", under=f"services/{room}/") if is_rule(room, os.path.basename(f))]
    found = set()
    while queue:
        for _, header in includes(queue.pop()):
            if header.startswith(room + "/") and header not in found:
                found.add(header)
                queue.append("services/" + header)
    return found


def none(wrong):
    assert not wrong, "\n  ".join(["", *wrong])


def test_layers():
    assert {"intake", "dispatch"} <= set(services()), services()
    wrong = []
    for path in sources(".c", ".h", under="services/"):
        room, name = path.split("/")[1], os.path.basename(path)
        may = MAY.get(room, SERVICE_MAY)
        if is_rule(room, name):
            may = RULES_MAY
        for kind, header in includes(path):
            first = header.split("/")[0]
            if is_rule(room, name) and header == NAMES_OF_ROLES:
                continue
            if kind == '"' and "/" in header and first != room and first not in may:
                wrong.append(f"{path} includes {header}")
            if kind == '"' and "/" not in header and room != "client":
                wrong.append(f"{path} includes {header} without its room")
            if header == "whistle/whistle.h" and room in KERNELS + tuple(services()):
                wrong.append(f"{path} includes the public header of a program's library")
    none(wrong)


def test_pure_rules_know_no_rooms_with_sockets():
    """A pure rule's own headers may not lead to the runtime either."""
    wrong = []
    for room in services():
        for path in sources(".c", ".h", under=f"services/{room}/"):
            name = os.path.basename(path)
            for _, header in includes(path) if is_rule(room, name) else ():
                own = header.split("/")
                if own[0] == room and not is_rule(room, own[-1]):
                    wrong.append(f"{path} includes {header}, which is no pure rule")
    none(wrong)


def test_outside_libraries_in_their_rooms():
    wrong = []
    for path in sources(".c", ".h", under="services/"):
        room = path.split("/")[1]
        for _, header in includes(path):
            if OUTSIDE.get(header) and room not in OUTSIDE[header] and not (
                    header == "uv.h" and room == "cli"):
                wrong.append(f"{path} includes {header}")
            if header in ("time.h", "unistd.h", "sys/socket.h", "fcntl.h") and (
                    room in KERNELS or is_rule(room, os.path.basename(path))):
                wrong.append(f"{path}: a pure rule includes {header}")
    none(wrong)


def test_pure_libraries_call_nothing_impure():
    libraries = [f"libwh_{k}.a" for k in KERNELS] + [f"lib{s}_rules.a" for s in services()]
    wrong, seen = [], 0
    for name in libraries:
        path = os.path.join(BUILD, name)
        if not os.path.exists(path):
            assert name == "libwh_quota.a", f"{path} is not built"
            continue
        seen += 1
        out = subprocess.run(["nm", "-u", path], capture_output=True, text=True, check=True).stdout
        symbols = {line.split()[-1].split("@")[0] for line in out.splitlines() if " U " in line}
        assert len(symbols) > 10, f"{name}: nothing to look at"
        wrong += [f"{name} calls {s}" for s in sorted(symbols) if IMPURE.match(s)]
    assert seen >= 4
    none(wrong)


def symbols(library, defined):
    out = subprocess.run(["nm", "--defined-only" if defined else "-u", os.path.join(BUILD, library)],
                         capture_output=True, text=True, check=True).stdout
    return {line.split()[-1] for line in out.splitlines() if re.search(r" [TDBRU] ", line)}


def test_pure_libraries_call_nothing_of_client_and_runtime():
    above = symbols("libwh_client.a", True) | symbols("libwh_runtime.a", True)
    wrong = []
    pure = [f"libwh_{k}.a" for k in ("base", "district", "match")]
    for name in pure + [f"lib{s}_rules.a" for s in services()]:
        wrong += [f"{name} calls {s}" for s in sorted(symbols(name, False) & above)]
    wrong += [f"libwh_client.a calls {s}" for s in sorted(
        symbols("libwh_client.a", False) & symbols("libwh_runtime.a", True) -
        symbols("libwh_client.a", True))]
    none(wrong)


def test_the_command_line_stands_on_the_client():
    """Its program holds no PostgreSQL and nothing of the runtime."""
    path = os.path.join(BUILD, "whistle")
    out = subprocess.run(["nm", path], capture_output=True, text=True, check=True).stdout
    names = {line.split()[-1].split("@")[0] for line in out.splitlines()}
    none([f"whistle holds {n}" for n in sorted(names) if re.match(r"PQ[a-z]|wh_(runtime|db|turn|zap)_", n)])


def test_the_same_rooms_in_every_service():
    wrong = []
    for room in services():
        wrong += [f"services/{room}/{name} is missing" for name in ROOMS
                  if f"services/{room}/{name}" not in files()]
        if f"services/{room}/README.md" in files():
            heads = re.findall(r"^## (.*)$", text(f"services/{room}/README.md"), re.M)
            if heads != HEADINGS:
                wrong.append(f"services/{room}/README.md has {heads}, all have {HEADINGS}")
        folder = f"deploy/migrations/{room}/"
        if not sources(".sql", under=folder):
            wrong.append(f"{folder} holds no tables")
    wrong += [f"services/{room}/ has no README.md" for room in
              {f.split("/")[1] for f in sources(".c", under="services/")}
              if f"services/{room}/README.md" not in files()]
    none(wrong)


def test_programs_know_every_migration():
    """A service's newest file of its own set, the runtime's of the common one."""
    wrong = []
    known = {"common": re.findall(r'#define COMMON "([^"]+)"', text("services/runtime/check.c"))}
    for room in services():
        known[room] = re.findall(r'\.migration = "([^"]+)"', "".join(
            text(f) for f in sources(".c", under=f"services/{room}/")))
    for name, files_known in known.items():
        last = os.path.basename(max(sources(".sql", under=f"deploy/migrations/{name}/")))
        if files_known != [last]:
            wrong.append(f"{name} knows {files_known}, the newest migration is {last}")
    none(wrong)


def test_sql_stands_in_the_store():
    sql = re.compile(r'"[^"\n]*\b(INSERT INTO|UPDATE \w+ SET|DELETE FROM|SELECT .{1,200} FROM)\b')
    wrong = []
    for room in services():
        for path in sources(".c", ".h", under=f"services/{room}/"):
            if not re.match(r"store(_\w+)?\.[ch]$", os.path.basename(path)) and sql.search(text(path)):
                wrong.append(f"{path}: {sql.search(text(path)).group(0)[:60]}")
    none(wrong)


def test_every_file_says_what_it_is():
    wrong = []
    for path in sources(".c", ".h", ".py", ".proto", ".sql", ".cmake", "CMakeLists.txt"):
        head = text(path).split("\n", 4)[:3]
        if not any("SPDX-License-Identifier: Apache-2.0" in line for line in head):
            wrong.append(f"{path} has no SPDX line")
        if path.endswith((".c", ".h", ".proto", ".py")) and len(head) > 1 and not re.match(
                r'(//|/\*|"""|#)', [x for x in head if "SPDX" not in x and "#!" not in x][0]):
            wrong.append(f"{path} does not say what it is for")
    for path in files():
        if os.access(os.path.join(TOP, path), os.X_OK) and not path.endswith((".c", ".h")):
            with open(os.path.join(TOP, path), "rb") as file:
                start = file.read(300)
            if start.startswith(b"#!") and b"SPDX-License-Identifier: Apache-2.0" not in start:
                wrong.append(f"{path} has no SPDX line")
    none(wrong)


def test_lines_and_files_are_short():
    wrong, long_ones = [], []
    for path in sources(".c", ".h", ".py", ".proto", ".cmake", ".sql"):
        lines = text(path).split("\n")
        aim = 100 if path.endswith((".c", ".h")) else 110
        wrong += [f"{path}:{i}: {len(line)} columns" for i, line in enumerate(lines, 1)
                  if len(line) > aim and "http" not in line]
        if len(lines) - 1 > 400 and not path.endswith((".proto", ".sql")):
            long_ones.append((len(lines) - 1, path))
    for n, path in sorted(long_ones, reverse=True):
        print(f"     {path}: {n} lines (aim: 400)")
    none(wrong + [f"{path}: {n} lines" for n, path in long_ones if n > 800 or (
        n > 600 and not path.startswith("tests/"))])


def test_nothing_is_left_for_later():
    words = re.compile(r"\b(TODO|FIX" r"ME|XXX|HACK)\b|not (yet )?implemented", re.I)
    wrong = [f"{path}:{text(path)[:found.start()].count(chr(10)) + 1}: {found.group(0)}"
             for path in sources(".c", ".h", ".py", ".proto", ".cmake", ".md", ".sql")
             if path != "tests/structure.py" for found in words.finditer(text(path))]
    none(wrong)


def test_clang_format():
    paths = sources(".c", ".h")
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *paths], cwd=TOP, capture_output=True,
                          text=True)
    none(sorted({line.split(":")[0] for line in done.stderr.splitlines() if ": error:" in line}))
    assert done.returncode == 0, done.stderr


def test_top_level():
    first = {f.split("/")[0] for f in files()}
    none([f"{f} stands at the top level" for f in sorted(first) if f not in TOP_LEVEL and f[0] != "."])
    none([f"{f} is not in the map" for f in sorted(
        {f.split("/")[1] for f in files() if f.startswith("tests/")} -
        {"run", "structure.py", "unit", "flow", "web", "fuzz", "chaos", "bench", "support", "README.md"})])
    print("     deploy also holds:", *sorted({f.split("/")[1] for f in files()
                                              if f.startswith("deploy/")} - DEPLOY))


def test_every_public_header_compiles_alone():
    flags = subprocess.run(["pkg-config", "--cflags", "libuv", "libprotobuf-c"], capture_output=True,
                           text=True, check=True).stdout.split()
    for path in sources(".h", under="include/"):
        subprocess.run(["cc", "-std=gnu17", "-fsyntax-only", "-Wall", "-Werror", "-x", "c", "-I",
                        os.path.join(TOP, "include"), "-I", os.path.join(BUILD, "proto"), *flags,
                        os.path.join(TOP, path)], check=True)


# ---- the vocabulary -----------------------------------------------------------------------------


@functools.cache
def messages():
    """Descriptors of all messages and enums in proto/, by full name."""
    from google.protobuf import descriptor_pb2, descriptor_pool
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "all")
        protos = sorted(glob.glob(TOP + "/proto/whistle/v1/*.proto"))
        subprocess.run(["protoc", "-I", TOP + "/proto", "--include_imports", "-o", out, *protos], check=True)
        with open(out, "rb") as file:
            every = descriptor_pb2.FileDescriptorSet.FromString(file.read())
    pool = descriptor_pool.DescriptorPool()
    found, enums = {}, {}
    for file in every.file:
        pool.Add(file)
    for file in every.file:
        described = pool.FindFileByName(file.name)
        enums.update({e.full_name: e for e in described.enum_types_by_name.values()})
        queue = list(described.message_types_by_name.values())
        while queue:
            message = queue.pop()
            found[message.full_name] = message
            queue += message.nested_types
            enums.update({e.full_name: e for e in message.enum_types})
    assert len(found) > 50 and len(enums) > 10
    return found, enums


def test_no_message_contains_itself():
    seen, wrong = {}, []

    def depth(message, path):
        if message.full_name in path:
            wrong.append(" in ".join([message.full_name, *reversed(path)]))
            return 0
        if message.full_name not in seen:
            below = [depth(f.message_type, path + [message.full_name]) for f in message.fields
                     if f.message_type]
            seen[message.full_name] = 1 + max(below, default=0)
        return seen[message.full_name]

    deepest = max(depth(m, []) for m in messages()[0].values())
    none(wrong)
    limit = int(re.search(r"#define MAX_DEPTH (\d+)", text("services/client/frame.c")).group(1))
    assert deepest < limit, f"{deepest} levels, the walk takes {limit}"


def test_no_type_has_more_fields_than_the_walk_counts():
    limit = int(re.search(r"#define FIELDS_A_TYPE (\d+)", text("services/client/frame.c")).group(1))
    none([f"{m.full_name} has {len(m.fields)}" for m in messages()[0].values() if len(m.fields) > limit])


def test_enums():
    wrong = []
    for enum in messages()[1].values():
        prefix = re.sub(r"(?<!^)(?=[A-Z])", "_", enum.name).upper() + "_"
        if enum.values_by_number.get(0) is None or \
                enum.values_by_number[0].name != prefix + "UNSPECIFIED":
            wrong.append(f"{enum.full_name}: zero is not {prefix}UNSPECIFIED")
        wrong += [f"{enum.full_name}: {v.name} has another prefix" for v in enum.values
                  if not v.name.startswith(prefix)]
        numbers = [v.number for v in enum.values]
        if len(set(numbers)) != len(numbers) or min(numbers) < 0:
            wrong.append(f"{enum.full_name}: numbers {numbers}")
    none(wrong)


def test_fields():
    from google.protobuf.descriptor import FieldDescriptor as F
    wrong = []
    for message in messages()[0].values():
        for f in message.fields:
            name = f"{message.full_name}.{f.name}"
            is_time = f.name.endswith("_at") or f.name.startswith("due_") or f.name == "at"
            if is_time and f.type != F.TYPE_INT64:
                wrong.append(f"{name} is a time and not int64")
            if re.search(r"(_time|_date|_when|_ts|timestamp)$", f.name) and f.type == F.TYPE_INT64:
                wrong.append(f"{name}: a time's name ends in _at or begins with due_")
            if f.type in (F.TYPE_UINT64, F.TYPE_FIXED64, F.TYPE_SFIXED64, F.TYPE_SINT64, F.TYPE_GROUP):
                wrong.append(f"{name}: of a type that JSON cannot hold")
            if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", f.name):
                wrong.append(f"{name} is not in snake_case")
            if f.has_presence and f.containing_oneof and f.containing_oneof.name.startswith("_"):
                wrong.append(f"{name}: proto3 optional, which protobuf-c does not know")
            if f.message_type and f.message_type.GetOptions().map_entry:
                wrong.append(f"{name}: a map")
    none(wrong)


if __name__ == "__main__":
    sys.exit(runner.main(globals()))
