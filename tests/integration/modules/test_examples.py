"""The examples are run by ansible-playbook, in check mode, on a host of their own.

They are those in the documentation of each plugin, and the playbooks in examples/. The host has the interfaces that
they name, no account, and no session. So what an example asserts of sessions need not hold; but every task of this
collection succeeds, and every expression can be evaluated.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible.utils.plugin_docs import read_docstring
from ansible_collections.dialtone.pppoe.tests.support import radius_centre
from ansible_collections.dialtone.pppoe.tests.support import router as lab
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS, REPOSITORY, SUPPORT

#: Their examples need a host with FreeRADIUS and a database, which is slow to make.
NEED_RADIUS = ("pppoe_radius", "pppoe_server_radius", "radius_accounts", "radius_clients", "radius_user")
PLUGINS = sorted(
    path
    for kind in ("modules", "filter")
    for path in (REPOSITORY / "plugins" / kind).glob("*.py")
    if not path.name.startswith("_")
)
#: What the examples take from a user's inventory.
VARIABLES = {
    "vault_cmz_secret": "s3cret of cmz",
    "vault_cmz2_secret": "s3cret of cmz2",
    "vault_cmz3_secret": "s3cret of cmz3",
    "vault_jose_secret": "s3cret of josé",
    "vault_radius_secret": "s3cret-of-radius",
    "customers": [{"name": "cmz", "secret": "s3cret of cmz"}, {"name": "cmz2", "secret": "s3cret of cmz2"}],
    "pppoe_client_connections": [{"name": "uplink", "interface": "eth0", "username": "cmz"}],
    "live": {"sessions": []},
    "unmanaged": {"servers": [], "findings": []},
    "addresses": ["10.0.0.7", "10.1.0.9"],
    "vault_password": "the password of a vault",
}
#: A server of the inventory that is to use RADIUS.
GATE = {
    "ansible_host": "192.168.5.109",
    "pppoe_server_radius": {"servers": [{"address": "192.168.5.20", "secret": "s3cret-of-gate1"}]},
    "pppoe_server_accounts": [{"name": "cmz", "secret": "s3cret of cmz"}],
}
RADIUS_VARIABLES = {
    "ansible_host": "192.168.5.20",
    "vault_radius_secret": "s3cret-of-radius",
    "vault_disconnect_secret": "s3cret-of-disconnect",
    "vault_gate1_radius_secret": "s3cret-of-gate1",
    "vault_gate2_radius_secret": "s3cret-of-gate2",
}
INTERFACES = ("eth0", "eth1", "eth1.7", "eth1.20", "eth1.30", "eth1.31", "eth2")
EXAMPLES = REPOSITORY / "examples"
PLAYBOOKS = sorted(path.name for path in EXAMPLES.glob("*.yml"))
#: What a host of the tests lacks, and where it is found.
HOST = {
    "ansible_connection": "local",
    "pppoe_server_packages": [],
    "pppoe_client_packages": [],
    "pppoe_server_require_kernel_ppp": False,
    "vault_home1_secret": "s3cret of home1",
    "vault_office1_secret": "s3cret of office1",
    "vault_uplink_username": "cmz@provider",
    "vault_uplink_secret": "s3cret of the uplink",
    "vault_cmz_secret": "s3cret of cmz",
}
DEFAULTS = {
    "dialtone.pppoe.pppoe_server": {"require_kernel_ppp": False},
    "dialtone.pppoe.pppoe_plans": {"require_kernel": False},
    "dialtone.pppoe.pppoe_discovery_info": {"timeout": 0.2},
    # The host of the tests has no route to a RADIUS server.
    "dialtone.pppoe.pppoe_server_radius": {"nas_address": "192.0.2.109"},
    "dialtone.pppoe.pppoe_server_routing": {"router_id": "192.0.2.109"},
}
# The kernels of many machines that run these tests have no PPP. A host that has no pppd yet is not asked for it.
MAKE = """
mkdir -p /etc/ppp /run/systemd/system /run/tools /run/node-exporter
touch /etc/ppp/chap-secrets
cp {systemctl} /run/tools/systemctl; chmod 755 /run/tools/systemctl
# What pppoe_access tries whether the kernel can delay packets with; the kernel of many machines cannot.
printf '#!/bin/sh\n' >/run/tools/unshare; chmod 755 /run/tools/unshare
! pppd=$(command -v pppd) || mount --bind /dev/null $(readlink -f $pppd)
for name in {interfaces}; do
    ip link add $name type veth peer name far-$name; ip link set $name up; ip link set far-$name up
done
"""

pytestmark = pytest.mark.skipif(bool(lab.why_not()), reason=f"no host can be made here: {lab.why_not()}")


@pytest.fixture(scope="module")
def host():
    made = lab.Namespace(lab.PRIVATE, mounts=True)
    systemctl = SUPPORT / "fake_systemctl.py"
    made.sh("set -e\n" + MAKE.format(systemctl=systemctl, interfaces=" ".join(INTERFACES)))
    yield made
    made.close()


def run(host, folder: Path, *words: str) -> str:
    """What ansible-playbook prints when it predicts what these words would do on the host. It must succeed."""
    answer = subprocess.run(
        [*host.into, "env", f"--chdir={folder}", "ansible-playbook", "--check", "--diff", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_NOCOLOR": "1",
            "PATH": "/run/tools:" + os.environ["PATH"],
            "LC_ALL": "C.UTF-8",
        },
    )
    assert answer.returncode == 0, answer.stdout
    assert "undefined" not in answer.stdout
    return answer.stdout


@pytest.fixture
def examples(tmp_path):
    """A copy of examples/, with an inventory whose hosts are the one of the tests."""
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    children = {group: {"hosts": {"gate.example.net": None}} for group in ("pppoe_servers", "pppoe_gateways")}
    inventory = {"all": {"children": children, "vars": HOST}}
    (tmp_path / "examples" / "inventory.yml").write_text(json.dumps(inventory))
    return tmp_path / "examples"


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_playbooks(name, host, examples):
    shown = run(host, examples, "-i", "inventory.yml", name)
    assert re.search(r"changed=[1-9]", shown), shown
    secrets = [value for key, value in HOST.items() if key.endswith("_secret")]
    assert [secret for secret in [*secrets, "first secret", "with a comma", "quoted"] if secret in shown] == []


def test_secrets_in_a_vault(host, examples):
    """The steps of examples/README.md, with the vault's password in a file."""
    variables = examples / "vault" / "group_vars" / "pppoe_servers" / "vault.yml"
    secrets = list(yaml.safe_load(variables.read_text()).values())
    (examples / "password").write_text("of the vault\n")
    words = ["--vault-password-file", str(examples / "password")]
    subprocess.run(["ansible-vault", "encrypt", *words, str(variables)], check=True)
    assert variables.read_text().startswith("$ANSIBLE_VAULT;")
    for key, value in HOST.items():
        if not key.startswith("vault_"):
            words += ["-e", json.dumps({key: value})]
    shown = run(host, examples / "vault", "-i", "inventory.yml", "dialtone.pppoe.site", *words)
    assert re.search(r"changed=[1-9]", shown), shown
    assert [secret for secret in secrets if secret in shown] == []


def test_the_readme_of_the_examples_has_each_of_them():
    text = (EXAMPLES / "README.md").read_text()
    assert [name for name in PLAYBOOKS if f"[{name}]({name})" not in text] == []


@pytest.fixture(scope="module")
def centre():
    if radius_centre.why_not():
        pytest.skip(f"no centre here: {radius_centre.why_not()}")
    made = radius_centre.Centre(COLLECTIONS)
    clients = [{"name": "gate1", "address": "192.168.5.109", "secret": "s3cret-of-gate1"}]
    done = made.run_module("pppoe_radius", clients=clients)
    assert not done.get("failed"), done
    made.host.sh(
        "mkdir -p /etc/pppoe /etc/ppp /run/systemd/system; cd /etc/pppoe; openssl req -x509 -nodes -newkey ec"
        " -pkeyopt ec_paramgen_curve:P-256 -subj /CN=radius -keyout radius.key -out radius.pem 2>&1;"
        " cp radius.pem radius-ca.pem; chmod 644 radius.key"
    )
    yield made.host
    made.close()


@pytest.mark.parametrize("path", PLUGINS, ids=lambda path: path.stem)
def test_examples(path, request, tmp_path):
    radius = path.stem in NEED_RADIUS
    host = request.getfixturevalue("centre" if radius else "host")
    tasks = yaml.safe_load(read_docstring(str(path))["plainexamples"])
    assert tasks
    for task in tasks:
        assert task["name"]
        ours = any(key.startswith("dialtone.pppoe.") for key in task)
        task["ignore_errors"] = not ours
    play = {"hosts": "localhost", "gather_facts": False, "module_defaults": DEFAULTS, "tasks": tasks}
    play["vars"] = {**VARIABLES, **(RADIUS_VARIABLES if radius else {})}
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    (tmp_path / "customers.csv").write_text("name,secret\ncmz,s3cret of cmz\n")
    secrets = tmp_path / "fetched" / "gate1" / "etc" / "ppp" / "chap-secrets"
    secrets.parent.mkdir(parents=True)
    secrets.write_text('cmz * "s3cret of cmz" 10.20.0.5\n')
    inventory = {"all": {"hosts": {"localhost": {}}, "children": {"pppoe_servers": {"hosts": {"gate1": GATE}}}}}
    (tmp_path / "hosts.json").write_text(json.dumps(inventory))
    shown = run(host, tmp_path, "-i", "hosts.json", "-c", "local", str(tmp_path / "play.yml"))
    assert f"ok={len(tasks)} " in shown, shown
    assert [key for key, value in play["vars"].items() if key.startswith("vault_") and value in shown] == []
