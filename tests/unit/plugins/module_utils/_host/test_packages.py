from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _packages
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _hooks

STATUS = """\
Package: ppp
Status: install ok installed
Priority: optional

Package: pppoe
Status: deinstall ok config-files
Version: 3.15

Package: iptables
Status: hold ok installed
Description: says
 Package: nft
 Status: install ok installed

Package: half
Status: install ok half-configured
"""


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        (["ppp", "iptables"], []),
        (["ppp", "pppoe", "half", "nft"], ["pppoe", "half", "nft"]),
        (["ppp=2.4.9"], None),
        (["ppp", "/root/pppoe.deb"], None),
        (["libc6:i386"], None),
        ([], []),
    ],
)
def test_packages_that_are_not_installed(names, missing):
    assert _packages.missing_in(STATUS, names) == missing


def test_a_host_without_dpkg(monkeypatch, tmp_path):
    monkeypatch.setattr(_packages, "STATUS", str(tmp_path / "status"))
    assert _packages.missing(["ppp"]) is None
    assert _packages.missing([]) == []


def test_configuration_as_the_session_manager_reads_it():
    digest = "0123456789abcdef" * 2
    paragraph = f"Package: ppp\nConffiles:\n /etc/ppp/ip-up {digest}\n /etc/other {digest}\nDescription: x\n"
    assert _packages.configuration(paragraph, "/etc/ppp") == {"/etc/ppp/ip-up": digest}
    assert _hooks.stock(paragraph, "/etc/ppp") == _packages.configuration(paragraph, "/etc/ppp")
