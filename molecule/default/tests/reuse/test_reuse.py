"""The role twice in a larger playbook, as docs/other-tools.md shows it, beside the instance that site.yml has made."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

testinfra_hosts = ["ansible://server-trixie"]
DOCUMENT = Path(__file__).resolve().parents[4] / "docs" / "other-tools.md"
#: The document's interfaces, and those that this host has for them.
INTERFACES = {"eth1": "eth2", "eth2": "eth3"}


@pytest.fixture
def larger(playbook, tmp_path):
    """``larger(*arguments)`` runs the document's playbook; what Ansible has printed."""
    plays = yaml.safe_load(re.search(r"```yaml\n(- name: .*?)```", DOCUMENT.read_text(), re.DOTALL)[1])
    plays[0]["hosts"] = "server-trixie"
    for wire in next(task for task in plays[0]["tasks"] if "loop" in task)["loop"]:
        wire["interface"] = INTERFACES[wire["interface"]]
    (tmp_path / "larger.yml").write_text(yaml.safe_dump(plays))
    return lambda *arguments: playbook(tmp_path / "larger", *arguments).stdout


def test_each_has_its_own(host, larger):
    assert "pppoe_server :" not in larger("--tags=something-else")
    assert not host.service("pppoe-server@north").is_running

    said = larger("--tags=access")
    assert " failed=0 " in said, said
    assert " changed=0 " not in said
    for name, interface, address in (("north", "eth2", "10.1.0.1"), ("south", "eth3", "10.2.0.1")):
        assert host.service(f"pppoe-server@{name}").is_running
        command = host.check_output(f"pgrep -af 'pppoe-server .*/{name}[.]options'")
        assert f"-I {interface} " in command
        assert f"-L {address} " in command
        rules = host.check_output("iptables -t nat -S POSTROUTING")
        assert f'"dialtone.pppoe {name}"' in rules
    assert host.service("pppoe-server@default").is_running
    said = larger()
    assert " changed=0 " in said, said

    said = larger("--extra-vars=pppoe_server_state=absent")
    assert " failed=0 " in said, said
    for name in ("north", "south"):
        assert not host.file(f"/etc/ppp/pppoe-server/{name}.options").exists
        assert not host.service(f"pppoe-server@{name}").is_running
    assert host.service("pppoe-server@default").is_running
    assert host.file("/proc/sys/net/ipv4/ip_forward").content_string == "1\n"
