"""What the customer has, and what the server keeps."""

from __future__ import annotations

import re
import time

testinfra_hosts = ["ansible://pppoe_servers", "ansible://pppoe_clients"]


def is_server(host):
    return "pppoe_servers" in host.ansible.get_variables()["group_names"]


def until(look, pattern):
    """What ``look`` gives, as soon as it has the pattern: the customer may be dialling."""
    for _attempt in range(60):
        text = look()
        if re.search(pattern, text):
            return text
        time.sleep(1)
    raise AssertionError(text)


def test_the_address_is_made_of_the_prefix_of_the_account(host):
    """The same on both servers, which have the same pools."""
    if is_server(host):
        lines = map(str.split, host.file("/var/lib/pppoe-server/default.prefixes").content_string.splitlines()[1:])
        [(framed, delegated)] = [line[:2] for line in lines if line[2:] == ["cmz"]]
        for route in (rf"{framed} dev ppp\d+ proto 139", rf"{delegated} dev ppp\d+ proto 140"):
            until(lambda: host.run("ip -6 route show").stdout, route)
        return
    # systemd-networkd, which verify_router.yml starts, chooses the rest of the address itself.
    own = "[0-9a-f:]+" if host.file("/etc/systemd/network/04-pppoe-client.uplink.network").exists else ":2"
    until(lambda: host.run("ip -6 -o addr show dev ppp0 scope global").stdout, rf"2001:db8:1:[0-9a-f]+:{own}/")
    # systemd-networkd 257 names the next hop by its number, too.
    until(lambda: host.run("ip -6 route show default").stdout, "default .*via fe80::1 dev ppp0")


def test_the_program_has_no_rights(host):
    if is_server(host):
        pid = host.check_output("systemctl show --property=MainPID --value pppoe-server-ipv6")
        status = host.file(f"/proc/{pid}/status").content_string
        assert re.search(r"^CapEff:\s+0+$", status, re.MULTILINE)
        assert re.search(r"^Uid:\s+65534\s+65534\s+65534\s+65534$", status, re.MULTILINE), "nobody"
