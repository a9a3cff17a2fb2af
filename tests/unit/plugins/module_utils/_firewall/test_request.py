from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._backend import CachingRunner, words
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._request import request
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused


@pytest.mark.parametrize(
    ("source", "networks"),
    [
        (None, []),
        ([], []),
        (["10.67.0.0/16"], ["10.67.0.0/16"]),
        ([" 10.67.0.0/16 "], ["10.67.0.0/16"]),
        (["10.67.0.0/255.255.0.0"], ["10.67.0.0/16"]),
        (["10.67.0.9"], ["10.67.0.9/32"]),
        # The order of the playbook and repetitions in it make no difference to the rules.
        (["192.168.1.0/24", "10.0.0.0/8", "192.168.1.0/24"], ["10.0.0.0/8", "192.168.1.0/24"]),
        (["10.0.0.0/8", "10.0.0.0/9"], ["10.0.0.0/9", "10.0.0.0/8"]),
        (["192.168.10.2-192.168.10.21"], ["192.168.10.2-192.168.10.21"]),
        # One that is a network is called so, or nft and iptables would list it otherwise than it was written.
        (["10.0.0.4-10.0.0.7"], ["10.0.0.4/30"]),
        (["10.0.0.5-10.0.0.8"], ["10.0.0.5-10.0.0.8"]),
        (["10.0.0.9 - 10.0.0.9"], ["10.0.0.9/32"]),
    ],
)
def test_source(source, networks):
    assert [str(network) for network in request("default", "eth0", source, True).sources] == networks


@pytest.mark.parametrize("name", ["default", "a", "Uplink_2-b", "-", "x" * 32])
def test_name(name):
    assert request(name, "eth0", None, True).name == name


@pytest.mark.parametrize("interface", ["eth0", "eth0.100", "enp1s0f0np0", "br-wan", "veth1@x", "_x"])
def test_out_interface(interface):
    assert request("default", interface, None, True).out_interface == interface


def test_removal_needs_no_interface():
    assert request("default", None, None, False).out_interface == ""


@pytest.mark.parametrize(
    ("name", "interface", "source", "words"),
    [
        ("", "eth0", [], ["name: ''"]),
        ("x" * 33, "eth0", [], ["name:", "1 to 32"]),
        ("a b", "eth0", [], ["name: 'a b'"]),
        ("a\n", "eth0", [], ["name:"]),
        ("a;id", "eth0", [], ["name:"]),
        ("../x", "eth0", [], ["name:"]),
        ("é", "eth0", [], ["name:"]),
        ("default", "", [], ["out_interface: ''"]),
        ("default", "eth0; reboot", [], ["out_interface: 'eth0; reboot'"]),
        ("default", 'eth0" drop', [], ["out_interface:"]),
        ("default", "$(id)", [], ["out_interface:"]),
        ("default", "ppp+", [], ["out_interface: 'ppp+'", "no pattern"]),
        ("default", "ppp*", [], ["out_interface:"]),
        ("default", "-j", [], ["out_interface:"]),
        ("default", "..", [], ["out_interface:"]),
        ("default", "eth0\n", [], ["out_interface:"]),
        ("default", "x" * 16, [], ["out_interface:", "15 characters"]),
        ("default", "eth0", ["10.0.0.0/8", "10.1.2.3/8"], ["source[1]: '10.1.2.3/8'", "the network is 10.0.0.0/8."]),
        ("default", "eth0", ["2001:db8::/32"], ["source[0]: '2001:db8::/32'", "IPv4 only"]),
        ("default", "eth0", ["0.0.0.0/0"], ["source[0]: '0.0.0.0/0' is every address.", "Omit source"]),
        ("default", "eth0", ["lan"], ["source[0]: 'lan' is not an IPv4 network.", "10.67.0.0/24"]),
        ("default", "eth0", ["10.0.0.0/33"], ["source[0]:"]),
        ("default", "eth0", ["10.0.0.9-10.0.0.1"], ["source[0]: '10.0.0.9-10.0.0.1' ends before it begins."]),
        ("default", "eth0", ["10.0.0.1-9"], ["source[0]:"]),
        ("default", "eth0", ["10.0.0.0/8 -j ACCEPT"], ["source[0]:"]),
        ("default", "eth0", [""], ["source[0]: ''"]),
    ],
)
def test_refused(name, interface, source, words):
    with pytest.raises(Refused) as caught:
        request(name, interface, source, True)
    assert [word for word in words if word not in str(caught.value)] == []


@pytest.mark.parametrize(
    ("out", "err", "status", "answer"),
    [
        (
            "",
            "Error: Could not process rule: Operation not supported\nadd table ip x\n^^^^^^^^^^^^^^^\n",
            1,
            "Error: Could not process rule: Operation not supported; add table ip x",
        ),
        ("", "iptables: No chain/target/match by that name.\n", 1, "iptables: No chain/target/match by that name."),
        ("", "# Warning: iptables-legacy tables present\n\nTABLE_ADD failed\n", 4, "TABLE_ADD failed"),
        ("only on output\n", "", 1, "only on output"),
        ("", "", 139, "exit status 139"),
    ],
)
def test_words(out, err, status, answer):
    assert words(out, err, status) == answer


@pytest.mark.parametrize(
    ("between", "asked"),
    [
        ([], 1),
        (["nft", "list", "chains"], 1),
        (["/usr/sbin/nft", "-c", "-f"], 1),
        (["unshare", "-n", "/usr/sbin/iptables", "-w", "-t", "nat", "-A", "POSTROUTING"], 1),
        (["/usr/sbin/iptables", "-V"], 1),
        (["/usr/sbin/iptables", "-w", "-t", "nat", "-A", "POSTROUTING", "-o", "list"], 2),
        (["/usr/sbin/nft", "-f"], 2),
        (["/usr/bin/firewall-cmd", "--reload"], 2),
    ],
)
def test_a_question_is_asked_once_until_something_is_changed(between, asked):
    listing = ["/usr/sbin/iptables", "-w", "-t", "nat", "-S"]
    commands = []

    def answering(command, data):
        commands.append(command)
        return 0, str(len(commands)), ""

    run = CachingRunner(answering)
    for command in (listing, between, listing):
        if command:
            run(command, None)
    assert commands.count(listing) == asked
    run.forget()
    run(listing, None)
    assert commands.count(listing) == asked + 1
