"""The Grafana dashboard: built and read back by Grafana's library, and of metrics that exist."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys

import pytest
import yaml
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _exposition as _server_exposition
from ansible_collections.dialtone.pppoe.tests.support.repository import REPOSITORY

FILE = REPOSITORY / "roles" / "pppoe_monitoring" / "files" / "pppoe_dashboard.json"


def panels():
    return [panel for panel in json.loads(FILE.read_text())["panels"] if panel["type"] != "row"]


def queries():
    return [target["expr"] for panel in panels() for target in panel["targets"]]


def test_it_is_what_the_program_writes():
    """If not: tools/dashboard.py --write."""
    pytest.importorskip("grafana_foundation_sdk", reason="Grafana's library is not installed")
    program = [sys.executable, str(REPOSITORY / "tools" / "dashboard.py")]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_grafanas_library_reads_it_back():
    pytest.importorskip("grafana_foundation_sdk", reason="Grafana's library is not installed")
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.cog.plugins import register_default_plugins
    from grafana_foundation_sdk.models import dashboard

    register_default_plugins()
    text = FILE.read_text()
    read = dashboard.Dashboard.from_json(json.loads(text))
    assert json.loads(JSONEncoder().encode(read)) == json.loads(text)


def test_each_metric_exists_and_each_is_shown():
    used = {name for query in queries() for name in re.findall(r"pppoe_server_\w+", query)}
    exist = _server_exposition.names()
    assert used <= exist
    missing = {name for name in exist - used if not re.search(r"dial_duration_seconds_(sum|count)$", name)}
    assert missing == set()


def test_each_panel_has_a_title_of_its_own_and_a_place():
    titles = [panel["title"] for panel in panels()]
    assert len(set(titles)) == len(titles)
    places = [tuple(panel["gridPos"][key] for key in "xy") for panel in panels()]
    assert len(set(places)) == len(places)
    for panel in panels():
        names = [target["refId"] for target in panel["targets"]]
        assert len(set(names)) == len(names)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (package prometheus) is not installed")
def test_prometheus_understands_each_query(tmp_path):
    """As rules, which promtool checks."""
    plain = [query.replace("$__rate_interval", "5m") for query in queries()]
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(plain)]
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = subprocess.run(["promtool", "check", "rules", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
