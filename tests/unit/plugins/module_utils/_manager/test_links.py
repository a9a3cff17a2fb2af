"""The rule for udev: what sysctl.d has for links of sessions stays set, and nothing runs."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _links

SYSTEMD = {"99-systemd.rules": 'ACTION=="add", SUBSYSTEM=="net", KERNEL!="lo", RUN+="/usr/lib/systemd/systemd-sysctl"'}
HEAD = 'ACTION=="add", SUBSYSTEM=="net", KERNEL=="ppp[0-9]*"'


def test_settings_of_links_are_udevs_own():
    sysctl = [
        "net.ipv4.ip_forward = 1\nnet.ipv4.conf.ppp3.rp_filter = 2\n-net.ipv6.conf.ppp[0-9]*.accept_ra = 0\n",
        "net/ipv4/conf/*/rp_filter=1\n# net.ipv4.conf.ppp*.x = 1\nnet.ipv4.conf.eth0.rp_filter = 0\n",
    ]
    assert _links.rule(SYSTEMD, sysctl).splitlines()[1:] == [
        f'{HEAD}, KERNEL=="ppp[0-9]*", SYSCTL{{net/ipv6/conf/$name/accept_ra}}="0"',
        f'{HEAD}, KERNEL=="*", SYSCTL{{net/ipv4/conf/$name/rp_filter}}="1"',
        # One link by its name counts more than a pattern (sysctl.d(5)).
        f'{HEAD}, KERNEL=="ppp3", SYSCTL{{net/ipv4/conf/$name/rp_filter}}="2"',
        f'{HEAD}, RUN{{builtin}}="kmod load ppp_generic"',
    ]


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ('SUBSYSTEM=="net", RUN+="ifupdown-hotplug"', True),
        ('SUBSYSTEM!="net", GOTO="end"\nACTION=="add", RUN{program}+="/x"\n', True),
        ('SUBSYSTEM=="net", \\\n  RUN+="/x"', True),
        ('ACTION=="remove", ENV{REMOVE_CMD}!="", RUN+="$env{REMOVE_CMD}"\nSUBSYSTEM=="net", NAME="x"', False),
        ('SUBSYSTEM=="net", IMPORT{builtin}="net_id"\nSUBSYSTEM=="usb", RUN+="/x"', False),
        ('SUBSYSTEM=="net", RUN{builtin}="kmod load x"', False),
        ('# SUBSYSTEM=="net", RUN+="/x"\nSUBSYSTEM=="net"', False),
    ],
)
def test_where_something_else_runs_for_links_nothing_is_taken_back(text, runs):
    assert (_links.rule({**SYSTEMD, "80-x.rules": text}, []) is None) is runs


def test_without_the_rule_of_systemd_there_is_nothing_to_take_back():
    assert _links.rule({}, []) is None


@pytest.mark.parametrize("line", ['net.ipv4.conf.ppp*.x = a"b', "net.ipv4.conf.ppp{1,2}.x = 1"])
def test_what_it_cannot_say_stays_with_systemd(line):
    assert _links.rule(SYSTEMD, [line]) is None


def test_of_two_files_of_one_name_the_first_folder_counts(tmp_path):
    for folder, name in (("a", "1.conf"), ("b", "1.conf"), ("b", "0.conf"), ("b", "x.rules")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / name).write_text(folder)
    found = _links.files([str(tmp_path / "a"), str(tmp_path / "b"), str(tmp_path / "c")], ".conf")
    assert list(found.items()) == [("0.conf", f"{tmp_path}/b/0.conf"), ("1.conf", f"{tmp_path}/a/1.conf")]
