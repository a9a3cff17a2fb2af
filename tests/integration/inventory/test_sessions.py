"""The inventory plugin, by ansible-inventory, of this machine, which serves nobody, and a server out of reach."""

from __future__ import annotations

import functools
import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible_collections.dialtone.pppoe.plugins.inventory import sessions
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS

HERE = "here ansible_connection=local ansible_python_interpreter={{ansible_playbook_python}}"
# The discard prefix of RFC 6666: nobody answers.
AWAY = "away ansible_host=100::1 ansible_ssh_common_args='-o ConnectTimeout=1'"
FILES = ("hosts/hosts.ini", "pppoe_sessions.yml")


Reading = tuple[dict, str]


def inventory_of(folder: Path, servers: list[str], options: dict | None = None, inventories: tuple = FILES) -> Reading:
    """The inventory as a dictionary, and what was said on the way."""
    (folder / "hosts").mkdir(exist_ok=True)
    (folder / "hosts" / "hosts.ini").write_text("[pppoe_servers]\n" + "\n".join(servers) + "\n")
    source = {"plugin": "dialtone.pppoe.sessions", "become": False, **(options or {})}
    (folder / "pppoe_sessions.yml").write_text(json.dumps(source))
    answer = subprocess.run(
        ["ansible-inventory", *(word for name in inventories for word in ("-i", name)), "--list"],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS)},
    )
    # ansible-inventory marks what is no template.
    return json.loads(answer.stdout, object_hook=lambda found: found.get("__ansible_unsafe", found)), answer.stderr


@pytest.fixture
def read(tmp_path):
    """``read(servers, options)``: ``inventory_of`` a folder of its own."""
    return functools.partial(inventory_of, tmp_path)


def test_nobody_is_connected(read):
    inventory, said = read([HERE])
    assert "pppoe_sessions" in inventory["all"]["children"]
    assert "pppoe_sessions" not in inventory
    assert "has not reported" not in said


def test_the_example_of_the_documentation(read, tmp_path):
    example = yaml.safe_load(sessions.EXAMPLES)
    inventory, said = read([HERE], {**example, "become": False, "cache_connection": str(tmp_path / "cache")})
    assert "pppoe_sessions" in inventory["all"]["children"]
    assert "[WARNING]" not in said


@pytest.mark.parametrize("inventories", [("hosts", "pppoe_sessions.yml"), (".",)])
def test_a_folder_of_sources(read, inventories):
    """Also one that has the source itself."""
    inventory, said = read([HERE], inventories=inventories)
    assert "pppoe_sessions" in inventory["all"]["children"]
    assert "Failed to parse" not in said


def test_a_server_that_does_not_answer_is_told(read):
    inventory, said = read([HERE, AWAY])
    assert "pppoe_sessions" in inventory["all"]["children"]
    assert "away has not reported its sessions:" in said


@pytest.mark.parametrize(
    ("servers", "options", "problem"),
    [
        ([AWAY], {}, "No host of 'pppoe_servers' in"),
        ([HERE, AWAY], {"require_all": True}, "away has not reported its sessions:"),
        ([HERE], {"servers": "nobody"}, "No host of 'nobody' in"),
    ],
)
def test_no_answer_is_an_error(read, servers, options, problem):
    inventory, said = read(servers, options)
    assert "pppoe_sessions" not in inventory["all"]["children"]
    assert problem in said


CACHE = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile"}
SESSION = {"host": "here", "role": "server", "username": "cmz", "address": "192.168.10.2", "interface": "ppp0"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a cache in which a server has answered that nobody is connected."""
    folder = tmp_path_factory.mktemp("cached")
    inventory_of(folder, [HERE], {**CACHE, "cache_connection": str(folder / "cache")})
    return folder


@pytest.fixture
def cached(folder):
    """``cached(sessions, options, inventories)``: as ``read``, with these sessions in the cache."""
    (kept,) = (folder / "cache").iterdir()
    content = json.loads(kept.read_text())

    def run(found: list[dict], more: dict | None = None, inventories: tuple = FILES) -> Reading:
        kept.write_text(json.dumps({**content, "__payload__": json.dumps(found)}))
        options = {**CACHE, "cache_connection": str(folder / "cache"), **(more or {})}
        return inventory_of(folder, [AWAY], options, inventories)

    assert json.loads(content["__payload__"]) == [{"host": "here"}]
    yield run
    kept.write_text(json.dumps(content))


def test_the_cache_answers_instead_of_the_servers(cached):
    options = {
        "keyed_groups": [{"key": "pppoe_server", "prefix": "on"}],
        "compose": {"via": "'root@' ~ pppoe_server"},
    }
    inventory, said = cached([SESSION], options)
    assert "has not reported" not in said
    assert inventory["on_here"]["hosts"] == inventory["pppoe_sessions"]["hosts"] == ["session@cmz"]
    assert inventory["_meta"]["hostvars"]["session@cmz"] == {
        "ansible_host": "192.168.10.2", "pppoe_address": "192.168.10.2", "pppoe_server": "here", "pppoe_user": "cmz",
        "pppoe_session": {key: value for key, value in SESSION.items() if key != "host"}, "via": "root@here",
    }  # fmt: skip


REAL = """
all:
  vars: {everybody: 1}
  children:
    routers:
      vars: {secret_of_routers: 1}
      hosts:
        core1: {secret_of_core1: 1}
        db.example.com:
"""
NAMES = [
    "core1", "db.example.com", "all", "localhost", "ungrouped", "pppoe_sessions", "routers", "on_here", "-x", "a b",
    "{{ lookup('pipe', 'touch PWNED') }}", "../../etc", "cust,core1", "127.0.0.1", "::1", "here", "away", "@foo",
    "cust#2", "cust", "cust", "0", "ünï", "core1\n", "", "pppoe_servers",
]  # fmt: skip


@pytest.mark.parametrize(
    "inventories",
    [("real.yml", *FILES), ("hosts/hosts.ini", "pppoe_sessions.yml", "real.yml"), (*FILES[::-1], "real.yml")],
)
def test_no_account_takes_over_a_host_or_a_group(cached, folder, inventories):
    """Whatever the order of the sources; the servers are named in sources, for one that comes first."""
    (folder / "real.yml").write_text(REAL)
    rows = [dict(SESSION, username=name, address=f"192.168.10.{at}") for at, name in enumerate(NAMES, 2)]
    options = {
        "sources": ["hosts/hosts.ini"],
        "compose": {"note": "'user ' ~ pppoe_user"},
        "keyed_groups": [{"key": "pppoe_user", "prefix": "of"}, {"key": "pppoe_user"}],
    }
    inventory, said = cached(rows, options, inventories)
    hostvars = inventory["_meta"]["hostvars"]
    assert inventory["routers"]["hosts"] == ["core1", "db.example.com"], said
    assert hostvars["core1"] == {"everybody": 1, "secret_of_core1": 1, "secret_of_routers": 1}
    assert set(inventory["pppoe_servers"]["hosts"]) == {"away"}
    assert "pppoe_user" not in str(hostvars.get("localhost", "")) + str(hostvars["away"])
    customers = inventory["pppoe_sessions"]["hosts"]
    assert len(customers) == len(NAMES)
    assert all(name.startswith("session@") for name in customers)
    assert not any("secret_of" in key for name in customers for key in hostvars[name])
    groups = {group for group in inventory if group.startswith(("of_", "_")) and group != "_meta"}
    assert all(group.isprintable() and not set(group) & set(" ,:/{}") for group in groups)
    assert hostvars["session@cust%2Ccore1"]["note"] == "user cust,core1"
    assert not list(folder.rglob("PWNED"))


def test_a_template_in_an_account_is_none_to_a_playbook(cached, folder):
    cached([dict(SESSION, username="{{ lookup('ansible.builtin.pipe', 'touch PWNED') }}")])
    task = {"ansible.builtin.debug": {"msg": "{{ pppoe_user }} {{ pppoe_session.username }} {{ inventory_hostname }}"}}
    play = {"hosts": "pppoe_sessions", "gather_facts": False, "tasks": [task]}
    (folder / "play.yml").write_text(json.dumps([play]))
    done = subprocess.run(
        ["ansible-playbook", *(word for name in FILES for word in ("-i", name)), "play.yml"],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS)},
    )
    assert "{{ lookup('ansible.builtin.pipe', 'touch PWNED') }} {{ lookup(" in done.stdout, done.stdout + done.stderr
    assert "ok=1" in done.stdout
    assert not list(folder.rglob("PWNED"))


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"prefix": ""}, "prefix: '' does not begin with a letter or digit"),
        ({"prefix": "~a"}, "prefix: '~a' does not begin"),
        (
            {"keyed_groups": [{"key": "pppoe_user", "separator": ""}]},
            "an entry without a prefix lets a customer choose",
        ),
        ({"keyed_groups": [{"key": "pppoe_user"}], "leading_separator": False}, "lets a customer choose"),
    ],
)
def test_a_customer_chooses_no_name(cached, options, problem):
    inventory, said = cached([SESSION], options)
    assert problem in " ".join(said.split())
    assert "pppoe_sessions" not in inventory["all"]["children"]


def test_a_prefix_of_ones_own_and_a_server_that_lies(cached):
    rows = [dict(SESSION), dict(SESSION, username="x", address="-oProxyCommand=touch PWNED")]
    inventory, said = cached(rows, {"prefix": "customer."})
    assert inventory["pppoe_sessions"]["hosts"] == ["customer.cmz"]
    assert "here has returned sessions without a valid address or account" in " ".join(said.split())
