"""pppoe_server_metrics on a host made of namespaces: real files, and the program run as the timer runs it."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from ansible_collections.dialtone.pppoe.tests.support import router as lab
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS, SUPPORT

pytestmark = pytest.mark.skipif(bool(lab.why_not()), reason=f"no host can be made here: {lab.why_not()}")
PROGRAM = "/usr/local/libexec/dialtone-pppoe/pppoe-server-metrics"


@pytest.fixture
def host():
    made = lab.Router(COLLECTIONS, "pppoe_server_metrics")
    made.host.sh("for folder in /usr/local /var/lib; do mount -t tmpfs none $folder; done; mkdir /run/metrics")
    made.boot_with_systemd(SUPPORT / "fake_systemctl.py")
    made.host.sh(
        "mkdir -p /etc/ppp/pppoe-server;"
        "cd /etc/ppp/pppoe-server; touch default.options; printf '10.0.0.2\\n10.0.0.3\\n' >default.pool"
    )
    yield made
    made.close()


def both(host, **parameters) -> dict:
    """Predict, see that this changes nothing, then do: both tell the same."""
    before = host.etc()
    predicted = host.module(check=True, **parameters)
    assert host.etc() == before
    done = host.module(**parameters)
    for result in (predicted, done):
        result.pop("invocation", None)
    assert predicted == done
    return done


def test_from_nothing_to_nothing(host):
    before = host.etc()
    done = both(host, directory="/run/metrics")
    assert (done["changed"], done["path"]) == (True, "/run/metrics/pppoe_server_default.prom")
    assert both(host, directory="/run/metrics")["changed"] is False

    host.host.sh(f"{PROGRAM} default /run/metrics")
    assert host.host.sh("ls /run/metrics").split() == ["pppoe_server_default.prom"]
    assert host.host.sh("stat -c %a /run/metrics/pppoe_server_default.prom").strip() == "644"
    text = host.host.sh("cat /run/metrics/pppoe_server_default.prom")
    assert 'pppoe_server_up{server="default"} 0\n' in text
    assert 'pppoe_server_pool_addresses{server="default"} 2\n' in text
    check = ["promtool", "check", "metrics"]
    assert shutil.which("promtool") is None or subprocess.run(check, input=text, text=True, check=False).returncode == 0

    assert both(host, state="absent")["changed"] is True
    assert host.etc() == before
    assert host.host.sh("ls /run/metrics /usr/local /var/lib").split() == [
        "/run/metrics:", "/usr/local:", "libexec", "/var/lib:",
    ]  # fmt: skip
    assert both(host, state="absent")["changed"] is False


def test_another_folder_leaves_nothing_in_the_first(host):
    host.module(directory="/run/metrics")
    host.host.sh(f"{PROGRAM} default /run/metrics; mkdir /run/other")
    assert both(host, directory="/run/other")["changed"] is True
    assert host.host.sh("ls /run/metrics") == ""


def test_a_folder_that_is_not_there_is_refused_before_anything_is_written(host):
    before = host.etc()
    failed = host.module(directory="/run/nowhere")
    assert failed["failed"] is True
    assert "directory: /run/nowhere is not there." in failed["msg"]
    assert host.etc() == before


@pytest.mark.parametrize("state", ["absent", "moved"])
def test_a_link_that_the_owner_of_the_folder_has_made_reaches_nothing(host, state):
    """Neither the timer's program nor the module reads, writes or removes what it leads to, or shows it in a diff."""
    host.module(directory="/run/metrics")
    host.host.sh(
        "mkdir /run/other; echo 'cmz * hush-cmz *' >/etc/ppp/chap-secrets; chmod 600 /etc/ppp/chap-secrets;"
        "chown 65534:65534 /run/metrics; cd /run/metrics; for name in pppoe_server_default.prom.new "
        "pppoe_server_default.prom; do ln -s /etc/ppp/chap-secrets $name; done"
    )
    before = host.etc()
    host.host.sh(f"{PROGRAM} default /run/metrics")
    assert host.host.sh("stat -c '%F %u' /run/metrics/pppoe_server_default.prom").strip() == "regular file 65534"
    assert host.etc() == before
    host.host.sh("cd /run/metrics; ln -sf /etc/ppp/chap-secrets pppoe_server_default.prom")
    changes = {"state": "absent"} if state == "absent" else {"directory": "/run/other"}
    assert "hush-cmz" not in str(both(host, **changes))
    assert host.host.sh("ls -A /run/metrics") == ""
    assert host.host.sh("cat /etc/ppp/chap-secrets") == "cmz * hush-cmz *\n"
