# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples in the documentation of each plugin are run by ansible-playbook, in check mode, on a host of their own.

The host has the interfaces that the examples name, no account, and no session. So what an example asserts of sessions
need not hold; but every task of this collection succeeds, and every expression can be evaluated.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible.utils.plugin_docs import read_docstring
from ansible_collections.dialtone.pppoe.tests.support import router as lab

REPOSITORY = Path(__file__).resolve().parents[3]
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
    "customers": [{"name": "cmz", "secret": "s3cret of cmz"}, {"name": "cmz2", "secret": "s3cret of cmz2"}],
    "pppoe_client_connections": [{"name": "uplink", "interface": "eth0", "username": "cmz"}],
    "live": {"sessions": []},
    "addresses": ["10.0.0.7", "10.1.0.9"],
}
INTERFACES = ("eth0", "eth1", "eth1.7", "eth1.20", "eth2")
DEFAULTS = {
    "dialtone.pppoe.pppoe_server": {"require_kernel_ppp": False},
    "dialtone.pppoe.pppoe_discovery_info": {"timeout": 0.2},
}
# The kernels of many machines that run these tests have no PPP. A host that has no pppd yet is not asked for it.
MAKE = """
mkdir -p /etc/ppp /run/systemd/system /run/tools /run/node-exporter
touch /etc/ppp/chap-secrets
cp {systemctl} /run/tools/systemctl; chmod 755 /run/tools/systemctl
! pppd=$(command -v pppd) || mount --bind /dev/null $(readlink -f $pppd)
for name in {interfaces}; do
    ip link add $name type veth peer name far-$name; ip link set $name up; ip link set far-$name up
done
"""

pytestmark = pytest.mark.skipif(bool(lab.why_not()), reason=f"no host can be made here: {lab.why_not()}")


@pytest.fixture(scope="module")
def host():
    made = lab.Namespace(lab.PRIVATE, mounts=True)
    systemctl = REPOSITORY / "tests/support/fake_systemctl.py"
    made.sh("set -e\n" + MAKE.format(systemctl=systemctl, interfaces=" ".join(INTERFACES)))
    yield made
    made.close()


@pytest.mark.parametrize("path", PLUGINS, ids=lambda path: path.stem)
def test_examples(path, host, tmp_path):
    tasks = yaml.safe_load(read_docstring(str(path))["plainexamples"])
    assert tasks
    for task in tasks:
        assert task["name"]
        ours = any(key.startswith("dialtone.pppoe.") for key in task)
        task["ignore_errors"] = not ours
    play = {"hosts": "localhost", "gather_facts": False, "module_defaults": DEFAULTS, "vars": VARIABLES, "tasks": tasks}
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    (tmp_path / "customers.csv").write_text("name,secret\ncmz,s3cret of cmz\n")
    answer = subprocess.run(
        [*host.into, "ansible-playbook", "--check", "-i", "localhost,", "-c", "local", str(tmp_path / "play.yml")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=tmp_path,
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(REPOSITORY / ".build" / "collections"),
            "ANSIBLE_NOCOLOR": "1",
            "PATH": "/run/tools:" + os.environ["PATH"],
            "LC_ALL": "C.UTF-8",
        },
    )
    assert answer.returncode == 0, answer.stdout
    assert "undefined" not in answer.stdout
    assert f"ok={len(tasks)} " in answer.stdout, answer.stdout
    for secret in (value for value in VARIABLES.values() if isinstance(value, str)):
        assert secret not in answer.stdout
