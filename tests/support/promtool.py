# SPDX-License-Identifier: Apache-2.0
"""Prometheus' own judge of metrics, rules and alarms: promtool from Debian's package, unpacked beside
the build (the package itself would start a server), and what a test wants to ask it.

Series are {"name{labels}": values}, values in promtool's notation ("0+60x20"); one step is a minute.
"""
import json
import os
import re
import shutil
import subprocess
import tempfile

from cluster import BUILD, TOP

ALARMS = TOP + "/deploy/config/alarms.yml"
STEP_S = 60
SAMPLE = re.compile(r'^([a-z_:][a-z0-9_:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')


def promtool():
    """Path of the program; fetched once for each build folder."""
    path = shutil.which("promtool") or os.path.join(BUILD, "tools/promtool")
    if os.path.exists(path):
        return path
    with tempfile.TemporaryDirectory(prefix="whistle-promtool-") as folder:
        for command in (["apt-get", "download", "prometheus"], ["sh", "-c", "dpkg -x *.deb x"]):
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
            if done.returncode != 0:
                raise RuntimeError("promtool (Debian package prometheus) cannot be fetched: "
                                   + done.stderr)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copy(folder + "/x/usr/bin/promtool", path + ".new")
        os.rename(path + ".new", path)
    return path


def check(*words, stdin=None):
    """Runs `promtool check …`; raises with what it says, also where it only advises."""
    done = subprocess.run([promtool(), "check", *words], input=stdin, capture_output=True, text=True)
    said = done.stdout + done.stderr
    if done.returncode != 0 or (stdin is not None and said.strip()):
        raise AssertionError(said)


def alarm_names():
    with open(ALARMS) as file:
        return re.findall(r"^ *- alert: (\w+)$", file.read(), re.M)


def _case(series, minutes, expected):
    asks = [{"expr": f'clamp_max(count(ALERTS{{alertname="{name}", alertstate="firing"}}), 1) '
                     'or vector(0)', "eval_time": f"{minutes}m",
             "exp_samples": [{"labels": "{}", "value": int(name in expected)}]}
            for name in alarm_names()]
    return {"interval": f"{STEP_S}s", "promql_expr_test": asks,
            "input_series": [{"series": n, "values": v} for n, v in series.items()]}


def _test(cases):
    """(True, "") where all cases hold, else (False, what promtool says)."""
    test = {"rule_files": [ALARMS], "evaluation_interval": f"{STEP_S}s", "tests": cases}
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        json.dump(test, file)
        file.flush()
        done = subprocess.run([promtool(), "test", "rules", file.name], capture_output=True, text=True)
    return done.returncode == 0, done.stdout + done.stderr


def firing(series, minutes):
    """The names of the alarms that fire after so long."""
    good, said = _test([_case(series, minutes, set())])
    wrong = re.findall(r'alertname=\\?"(\w+)\\?"', said)
    if not good and (not wrong or "got:" not in said):
        raise AssertionError(said)
    return set(wrong)


def all_fire_as_expected(cases):
    """cases: (series, minutes, names of the alarms that have to fire, and no other)."""
    if _test([_case(*case) for case in cases])[0]:
        return
    for series, minutes, expected in cases:
        fired = firing(series, minutes)
        assert fired == expected, (series, fired, expected)
    raise AssertionError("the cases fail together but not one by one")


def parse(text):
    """Strictly: {name: {"help", "type", "samples": {labels: value}}}; labels as a tuple of pairs."""
    families, family, name = {}, None, ""
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name, _, words = line[7:].partition(" ")
            assert name not in families and words, line
            family = families[name] = {"help": words, "type": "", "samples": {}}
        elif line.startswith("# TYPE "):
            assert line.split()[2] == name and not family["type"], line
            family["type"] = line.split()[3]
        else:
            sample = SAMPLE.match(line)
            assert sample and family["type"], line
            of = re.sub(r"_(bucket|sum|count)$", "", sample[1]) \
                if family["type"] == "histogram" else sample[1]
            assert of == name, line
            labels = LABEL.findall(sample[2])
            assert ",".join(f'{k}="{v}"' for k, v in labels) == sample[2], line
            key = (sample[1], *labels)
            assert key not in family["samples"], line
            family["samples"][key] = float(sample[3])
    return families


def held(texts, minutes=20):
    """What was scraped ({instance: text}), unchanged for so long, as series; its clock goes on."""
    steps = minutes * 60 // STEP_S
    series = {}
    for instance, text in texts.items():
        where = f'job="whistle",instance="{instance}"'
        series[f"up{{{where}}}"] = f"1+0x{steps}"
        for line in text.splitlines():
            if line.startswith("#"):
                continue
            name, _, value = line.rpartition(" ")
            clock = name.startswith("whistle_clock_seconds")
            series[name.replace("{", "{" + where + ",", 1)] = \
                f"0+{STEP_S}x{steps}" if clock else f"{value}+0x{steps}"
    return series
