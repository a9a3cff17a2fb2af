"""The alerts of the role pppoe_monitoring: each fires when it should, and not before."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
import yaml
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _exposition as _server_exposition
from ansible_collections.dialtone.pppoe.tests.support.repository import REPOSITORY

RULES = REPOSITORY / "roles" / "pppoe_monitoring" / "files" / "pppoe.rules.yml"
HEALTHY = {
    "pppoe_server_up": "1+0x800",
    "pppoe_server_sessions": "20+0x800",
    "pppoe_server_sessions_limit": "100+0x800",
    "pppoe_server_pool_addresses": "100+0x800",
    "pppoe_server_pool_used_addresses": "20+0x800",
    "pppoe_server_drained": "0+0x800",
    "pppoe_server_start_time_seconds": "1000+0x800",
    'pppoe_server_refused_dials_total{reason="authentication"}': "0+6x800",
    'pppoe_server_dial_duration_seconds_bucket{le="5.0"}': "0+60x800",
    'pppoe_server_dial_duration_seconds_bucket{le="10.0"}': "0+60x800",
    'pppoe_server_dial_duration_seconds_bucket{le="+Inf"}': "0+60x800",
    "pppoe_server_dial_duration_seconds_count": "0+60x800",
    'pppoe_server_radius_up{radius="192.0.2.1:1812"}': "1+0x800",
    "pppoe_server_cluster_members": "2+0x800",
    'node_textfile_mtime_seconds{file="/var/lib/prometheus/node-exporter/pppoe_server_gate.prom"}': "0+60x800",
}
#: What is wrong, the alert, and the minutes after which it fires and before which it does not.
WRONG = {
    "PppoeServerDown": ({"pppoe_server_up": "1x9 0x800"}, 12, 9),
    "PppoeServerMetricsStale": (
        {'node_textfile_mtime_seconds{file="/x/pppoe_server_gate.prom"}': "0+0x800"},
        12,
        4,
    ),
    "PppoeServerSessionsLost": ({"pppoe_server_sessions": "20x9 3x800"}, 13, 9),
    "PppoeServerClusterAlone": ({"pppoe_server_cluster_members": "2x9 1x800"}, 14, 11),
    "PppoeServerPoolUsedUp": ({"pppoe_server_pool_used_addresses": "95x9 100x800"}, 12, 9),
    "PppoeServerPoolNearlyUsedUp": ({"pppoe_server_pool_used_addresses": "95x800"}, 16, 14),
    "PppoeServerSessionsLimit": ({"pppoe_server_sessions": "20x9 100x800"}, 12, 9),
    "PppoeServerWrongPasswords": ({'pppoe_server_refused_dials_total{reason="authentication"}': "0+60x800"}, 18, 9),
    "PppoeServerRestarts": ({"pppoe_server_start_time_seconds": "1000x9 1001 1002 1003 1004x800"}, 14, 12),
    "PppoeServerDialsSlow": (
        {
            'pppoe_server_dial_duration_seconds_bucket{le="5.0"}': "0+6x800",
            'pppoe_server_dial_duration_seconds_bucket{le="+Inf"}': "0+60x800",
        },
        22,
        9,
    ),
    "PppoeServerRadiusDown": ({'pppoe_server_radius_up{radius="192.0.2.1:1812"}': "1x9 0x800"}, 16, 13),
    "PppoeServerDrained": ({"pppoe_server_drained": "1x800"}, 721, 719),
}


def run(tmp_path, values, alert, minute):
    """The labels of the alerts of that name that fire in that minute."""
    series = []
    for name, samples in {**HEALTHY, **values}.items():
        metric, _brace, labels = name.rstrip("}").partition("{")
        labels = ",".join(filter(None, [labels, 'instance="gate1"', 'server="gate"']))
        series.append({"series": f"{metric}{{{labels}}}", "values": samples})
    test = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": series,
                "alert_rule_test": [{"eval_time": f"{minute}m", "alertname": alert, "exp_alerts": []}],
            }
        ],
    }
    path = tmp_path / "test.yml"
    path.write_text(yaml.safe_dump(test))
    done = subprocess.run(["promtool", "test", "rules", str(path)], capture_output=True, text=True, check=False)
    output = done.stdout + done.stderr
    # None is expected, so that one that fires is shown as what was got.
    assert done.returncode == 0 or "got:[" in output.replace(" ", "").replace("\n", ""), output
    return done.returncode != 0


def test_each_alert_is_tested_and_each_metric_exists():
    rules = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
    assert {rule["alert"] for rule in rules} == set(WRONG)
    used = {name for rule in rules for name in re.findall(r"pppoe_server_[a-z_]+(?=[ \[{)]|$)", rule["expr"])}
    assert used <= _server_exposition.names()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (package prometheus) is not installed")
@pytest.mark.parametrize("alert", WRONG)
def test_alerts(tmp_path, alert):
    values, fires, quiet = WRONG[alert]
    assert run(tmp_path, values, alert, fires)
    assert not run(tmp_path, values, alert, quiet)
    assert not run(tmp_path, {}, alert, fires)
