"""The firewall of a connection, with the real nft in a network namespace of its own."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _boot as _firewall_boot

NFT = shutil.which("nft")
pytestmark = pytest.mark.skipif(os.geteuid() != 0 or NFT is None, reason="needs root and nft")


@pytest.fixture
def tables(host, monkeypatch):
    """``tables()``: those of nft that the host has."""
    monkeypatch.setattr(_firewall_boot, "RULES_DIRECTORY", str(host.path / "firewall"))
    monkeypatch.setattr(_firewall_boot, "UNIT_DIRECTORY", str(host.path / "units"))
    process = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo; exec sleep 60"], stdout=subprocess.PIPE)
    process.stdout.readline()
    into = ["nsenter", f"--net=/proc/{process.pid}/ns/net", NFT]
    host.program("nft", f'#!/bin/sh\nexec {" ".join(into)} "$@"\n')
    for name in ("firewall-cmd", "iptables", "iptables-nft", "iptables-legacy"):
        host.program(name, "#!/bin/sh\nexit 1\n")
    yield lambda: subprocess.run([*into, "list", "tables"], capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    process.kill()
    process.wait()


def test_a_firewall_is_there_with_its_connection_and_goes_with_it(host, client, tables):
    asked = {"firewall": "masquerade", "link_interface": "ppp-t3st"}
    predicted = client(check=True, **asked)
    assert tables() == [""]
    made = client(**asked)
    assert (made["changed"], made["diff"]) == (predicted["changed"], predicted["diff"])
    assert "table ip dialtone_pppoe_client.t3st" in tables()
    assert sorted(path.name for path in (host.path / "firewall").iterdir()) == ["client-t3st.nft"]
    blocks = [line for line in host.rc_local.read_text().splitlines() if line.startswith("# BEGIN ")]
    # Each is written by a part of its own, after the other.
    assert blocks == ["# BEGIN dialtone.pppoe pppoe-client-t3st", "# BEGIN dialtone.pppoe client t3st"]
    assert "firewall/client-t3st.nft" in host.rc_local.read_text()
    assert client(**asked)["changed"] is False

    assert client(firewall="none", link_interface="ppp-t3st")["changed"] is True
    assert tables() == [""]
    assert not (host.path / "firewall").exists()
    assert client(firewall="none", link_interface="ppp-t3st")["changed"] is False

    client(**asked)
    assert client(state="absent")["changed"] is True
    assert tables() == [""]
    assert not (host.path / "firewall").exists()
    assert not host.rc_local.exists()
    assert client(state="absent")["changed"] is False
