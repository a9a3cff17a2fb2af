"""The role pppoe_monitoring on files as Debian's Prometheus has them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS

pytestmark = [
    pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (package prometheus) is not installed"),
    pytest.mark.skipif(os.geteuid() != 0, reason="files of root need root"),
]
CONFIG = """\
global:
  scrape_interval: 15s
# Load rules once.
rule_files:
  # - "first_rules.yml"
scrape_configs:
  - job_name: node
    static_configs:
      - targets: ['localhost:9100']
"""


@pytest.fixture
def place(tmp_path):
    (tmp_path / "prometheus.yml").write_text(CONFIG)
    (tmp_path / "dashboards").mkdir()
    return tmp_path


def run(place: Path, **variables) -> tuple[int, str]:
    values = {
        "pppoe_monitoring_rules": f"{place}/pppoe.rules.yml",
        "pppoe_monitoring_config": f"{place}/prometheus.yml",
        "pppoe_monitoring_dashboards": f"{place}/dashboards",
        "pppoe_monitoring_service": "",
        "ansible_python_interpreter": sys.executable,
        **variables,
    }
    playbook = [{"hosts": "localhost", "gather_facts": False, "roles": ["dialtone.pppoe.pppoe_monitoring"]}]
    (place / "playbook.json").write_text(json.dumps(playbook))
    command = [
        str(Path(sys.executable).with_name("ansible-playbook")),
        "-i",
        "localhost,",
        "-c",
        "local",
        "-e",
        json.dumps(values),
        "playbook.json",
    ]
    done = subprocess.run(
        command,
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "ANSIBLE_NOCOLOR": "1"},
    )
    return done.returncode, done.stdout + done.stderr


def test_from_nothing_to_nothing(place):
    status, said = run(place)
    assert status == 0, said
    assert (place / "prometheus.yml").read_text() == CONFIG.replace(
        "rule_files:\n", f'rule_files:\n  - "{place}/pppoe.rules.yml"\n'
    )
    assert json.loads((place / "dashboards" / "pppoe_dashboard.json").read_text())["uid"] == "dialtone-pppoe"
    check = ["promtool", "check", "config", str(place / "prometheus.yml")]
    assert "rules found" in subprocess.run(check, capture_output=True, text=True, check=True).stdout
    assert "changed=0" in run(place)[1]
    assert run(place, pppoe_monitoring_state="absent")[0] == 0
    assert (place / "prometheus.yml").read_text() == CONFIG
    assert sorted(path.name for path in place.rglob("pppoe*")) == []


def test_a_configuration_without_a_list_of_rules_is_refused_before_anything_is_written(place):
    (place / "prometheus.yml").write_text(CONFIG.replace("rule_files:\n", "rule_files: [a.yml]\n"))
    status, said = run(place)
    assert status != 0
    assert 'has no line "rule_files:"' in said
    assert sorted(path.name for path in place.rglob("pppoe*")) == []
