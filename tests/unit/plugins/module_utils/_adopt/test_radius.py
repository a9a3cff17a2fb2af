from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _accounts as _adopt_accounts
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _describe as _adopt_describe
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _nat as _adopt_nat
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _options as _adopt_options
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _radius as _adopt_radius
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _startup_lines as _server_startup_lines

CONF = "/etc/radiusclient/radiusclient.conf"
USUAL = """\
# as the package has it
auth_order\tradius,local
login_tries 4
login_timeout 60
nologin /etc/nologin
authserver 192.0.2.20
acctserver 192.0.2.20
servers /etc/radiusclient/servers
dictionary /etc/radiusclient/dictionary
mapfile /etc/radiusclient/port-id-map
seqfile /var/run/radius.seq
radius_timeout 10
radius_retries 3
"""
FILES = {
    CONF: USUAL,
    "/etc/radiusclient/servers": "# host secret\n192.0.2.20 geheim-1\n192.0.2.21/gate geheim-2\n",
    "/etc/radiusclient/dictionary": "ATTRIBUTE User-Name 1 string\nINCLUDE dictionary.extra\n",
    "/etc/radiusclient/dictionary.extra": "ATTRIBUTE Filter-Id 11 string\nATTRIBUTE My-Plan 200 string\n",
}
RULE = _adopt_nat.Nat("r", "eth0", ("10.9.0.0/16",), True, None)


def described(options: str = "require-chap\nplugin radius.so\nplugin radattr.so\n", files=(), conf: str = "", **more):
    """The variables and the findings of a server. ``conf``: what replaces lines with the same keywords."""
    texts = {**FILES, **dict(files)}
    for line in conf.splitlines():
        kept = [one for one in texts[CONF].splitlines() if one.split()[0] != line.split()[0]]
        texts[CONF] = "".join(one + "\n" for one in [*kept, line])
    read = {path: text.encode() for path, text in texts.items() if text is not None}.get
    found = _adopt_options.read(options.encode())
    argv = ["pppoe-server", "-I", "eth1", "-L", "10.9.0.1", "-R", "10.9.0.10", "-N", "20"]
    usual = {
        "command": _server_startup_lines.command(argv),
        "pid": 615,
        "boot": "line 3 of /etc/rc.local",
        "unit": None,
        "pool": [("10.9.0.1", f"10.9.0.{last}") for last in range(10, 30)],
        "options": found,
        "chap": _adopt_accounts.read(b"old * geheim-3 10.9.0.10\n"),
        "nat": [RULE],
        "default_route": "eth0",
        "radius": _adopt_radius.observe(found.radius_config or _adopt_radius.DEFAULT, read),
    }
    variables, findings = _adopt_describe.describe(_adopt_describe.ObservedDaemon(**{**usual, **more}))
    assert "geheim" not in str((variables, findings))
    return variables, findings


def kinds(findings, kind: str) -> list[str]:
    return [one["text"] for one in findings if one["kind"] == kind]


def test_a_usual_one():
    variables, findings = described()
    secret = "{{ vault_radius_192_0_2_20_secret }}"
    assert variables["pppoe_server_radius"] == {"servers": [{"address": "192.0.2.20", "secret": secret}]}
    assert "pppoe_server_options" not in variables
    # The addresses of accounts in a file that pppd does not read are the pool's as any others.
    assert variables["pppoe_server_pool"] == ["10.9.0.10-10.9.0.29"]
    assert kinds(findings, "refused") == ["The secret for 192.0.2.20 is in line 2 of /etc/radiusclient/servers."]
    assert f"Attributes that only the dictionary of {CONF} has: My-Plan." in kinds(findings, "change")
    assert "/etc/ppp/chap-secrets stays as it is." in kinds(findings, "stays")
    assert not [text for text in kinds(findings, "problem") if "lcp-echo" not in text]


@pytest.mark.parametrize(
    ("conf", "value"),
    [
        ("authserver 192.0.2.20,192.0.2.21:1645", [("192.0.2.20", None), ("192.0.2.21", 1645)]),
        ("authserver localhost 192.0.2.20:1812", [("127.0.0.1", None), ("192.0.2.20", None)]),
        ("authserver radius.example.net", None),
        ("authserver radius.example.net 192.0.2.20", [("192.0.2.20", None)]),
        ("authserver 192.0.2.20:x", None),
    ],
)
def test_servers(conf, value):
    found = described(conf=conf)[0].get("pppoe_server_radius", {}).get("servers")
    assert (found and [(one["address"], one.get("port")) for one in found]) == value


def test_names_of_the_host():
    found = described(conf="nas_identifier bras1\nbindaddr 192.0.2.109")[0]["pppoe_server_radius"]
    assert (found["nas_identifier"], found["nas_address"]) == ("bras1", "192.0.2.109")
    assert "nas_address" not in described(conf="bindaddr *")[0]["pppoe_server_radius"]


@pytest.mark.parametrize(
    ("options", "method"),
    [
        ("plugin radius.so\n", "chap"),
        ("auth require-pap refuse-chap plugin radius.so", "pap"),
        ("require-mschap-v2 require-pap plugin radius.so", "mschap-v2"),
    ],
)
def test_the_method_does_not_depend_on_accounts_in_files(options, method):
    assert described(options)[0].get("pppoe_server_authentication", "chap") == method


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"files": {CONF: None}}, "refused", f"{CONF} cannot be read."),
        ({"options": "plugin radius.so radius-config-file /etc/r.conf"}, "refused", "/etc/r.conf cannot be read."),
        ({"files": {"/etc/radiusclient/servers": None}}, "refused", "/etc/radiusclient/servers cannot be read."),
        ({"files": {"/etc/radiusclient/servers": "radius secret\n"}}, "refused",
         "No line of /etc/radiusclient/servers has a secret for 192.0.2.20."),
        ({"files": {"/etc/radiusclient/servers": f"192.0.2.20 {'s' * 49}\n"}}, "refused",
         "in line 1 of /etc/radiusclient/servers is longer than 48 bytes"),
        ({"files": {"/etc/radiusclient/servers": "192.0.2.20 a'b\n"}}, "refused",
         "in line 1 of /etc/radiusclient/servers has a character that the role does not take."),
        ({"files": {"/etc/radiusclient/servers": f"192.0.2.20 s {'x' * 120}\n"}}, "refused",
         "Line 1 of /etc/radiusclient/servers has more than 127 bytes."),
        ({"files": {"/etc/radiusclient/dictionary.extra": None}}, "refused",
         "The dictionary /etc/radiusclient/dictionary.extra cannot be read."),
        ({"files": {CONF: USUAL + "colour red\n"}}, "refused", f"Line 14 of {CONF} has the unknown keyword 'colour'."),
        ({"files": {CONF: USUAL + " nas_identifier x\n"}}, "refused", f"Line 14 of {CONF} begins with a blank."),
        ({"files": {CONF: USUAL + "nas_identifier x \n"}}, "refused", f"Line 14 of {CONF} ends with a blank."),
        ({"files": {CONF: USUAL + "nas_identifier x"}}, "refused", f"Line 14 of {CONF} has no end."),
        ({"files": {CONF: USUAL.replace("servers", "#")}}, "refused", f"{CONF} has no servers."),
        ({"conf": "authserver radius.example.net"}, "refused",
         f"The authserver 'radius.example.net' in line 13 of {CONF} is not an IPv4 address."),
        ({"conf": "default_realm example.net"}, "refused", f"default_realm in line 14 of {CONF}."),
        ({"conf": "bindaddr gate"}, "refused", f"'gate' in line 14 of {CONF} (bindaddr) is not an IPv4 address."),
        ({"conf": "acctserver 192.0.2.30:1646"}, "change", "and not to 192.0.2.30 port 1646."),
        ({"conf": "nas_identifier a/b"}, "change", "The nas_identifier 'a/b' is left out."),
        ({"options": "plugin radius.so plugin radrealms.so"}, "refused", "The plugin radrealms sends customers"),
        ({"options": "plugin radius.so avpair NAS-Port-Type=15"}, "change", "Left out: avpair NAS-Port-Type=15."),
        ({"options": "plugin radius.so plugin winbind.so"}, "refused", "asks a Windows domain."),
        ({"sessions": [_adopt_describe.LiveSession("ppp1", "10.20.0.5", "kernel")]}, "refused",
         "RADIUS has assigned addresses outside of the pool: 10.20.0.5."),
    ],
)  # fmt: skip
def test_findings(changes, kind, words):
    findings = described(**changes)[1]
    assert [text for text in kinds(findings, kind) if words in text], findings
    assert not [text for text in kinds(described()[1], kind) if words in text]


def test_addresses_that_nat_covers_are_fine():
    sessions = [_adopt_describe.LiveSession("ppp1", "10.9.200.5", "kernel")]
    assert not [text for text in kinds(described(sessions=sessions)[1], "refused") if "outside" in text]


def test_a_dictionary_that_includes_itself():
    files = {"/etc/radiusclient/dictionary": "INCLUDE dictionary\n$INCLUDE /etc/radiusclient/dictionary\n"}
    assert "pppoe_server_radius" in described(files=files)[0]
