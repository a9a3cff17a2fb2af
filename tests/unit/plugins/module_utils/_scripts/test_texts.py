"""Each script that is installed is what a shell, a linter and a Python of the hosts accept."""

from __future__ import annotations

import ast
import inspect
import re
import shutil
import subprocess

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _program as _ipv6_program
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _program as _manager_program
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import (
    _pppoe_access,
    _pppoe_server_instance,
    _pppoe_server_pppd,
    _pppoe_server_up,
    _python_program,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _control_program, _metrics_program

SCRIPTS = {
    "access": _pppoe_access.script(),
    "instance": _pppoe_server_instance.instance_script(),
    "pppd": _pppoe_server_pppd.pppd_script("/usr/sbin/pppd"),
    "up": _pppoe_server_up.up_script(),
}
# SC2086: words are split on purpose. SC2034: read's rest. SC2046: the same, of what a program prints.
EXCLUDED = "SC2086,SC2034,SC2046,SC2015,SC2317,SC2012"


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("shell", ["sh", "dash", "bash --posix", "busybox sh"])
def test_shells_accept_it(tmp_path, name, shell):
    if shutil.which(shell.split()[0]) is None:
        pytest.skip(f"{shell} is not installed")
    path = tmp_path / name
    path.write_bytes(SCRIPTS[name])
    subprocess.run([*shell.split(), "-n", str(path)], check=True)


@pytest.mark.parametrize("name", SCRIPTS)
def test_shellcheck_accepts_it(tmp_path, name):
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    path = tmp_path / name
    path.write_bytes(SCRIPTS[name])
    done = subprocess.run(["shellcheck", "-e", EXCLUDED, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_nothing_is_left_to_fill_in():
    for name, text in SCRIPTS.items():
        assert b"@" not in text.replace(b"$@", b"").replace(b"{@", b"").replace(b":@", b"").replace(
            b"pppoe-server@", b""
        ), name


PROGRAMS = {
    "pppoe-server-manager": _manager_program.files("/f", "/usr/bin/python3"),
    "pppoe-server-ipv6": _ipv6_program.PROGRAM.files("/f", "/usr/bin/python3"),
    "pppoe-server-ctl": {file.path: file.content for file in _control_program.files("/usr/bin/python3")},
    "pppoe-server-metrics": {file.path: file.content for file in _metrics_program.files("/usr/bin/python3")},
}


def imports(text: bytes) -> set[str]:
    """What a file imports when it runs: not what only its types need."""
    tree = ast.parse(text)
    tree.body = [
        node for node in tree.body if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test))
    ]
    nodes = list(ast.walk(tree))
    found = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    return found | {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_parts_of_a_program_name_each_other_as_files_of_one_folder(name):
    files = PROGRAMS[name]
    program = next(iter(files))
    assert program.endswith("/" + name)
    assert len({path.rpartition("/")[0] for path in files if path != program}) == 1
    parts = {path.rpartition("/")[2][: -len(".py")] for path in files if path.endswith(".py")}
    for path, text in files.items():
        assert {one for one in imports(text) if one.startswith(("_", "ansible")) and one != "__future__"} <= parts, path
        if name == "pppoe-server-manager":
            assert b"ansible_collections" not in text, path
    assert files[program].startswith(b"#!/usr/bin/python3 -IB\n# Managed by Ansible")


def test_two_parts_of_one_name_are_refused(monkeypatch):
    root = "from ansible_collections.dialtone.pppoe.plugins.module_utils"
    texts = {"_a._main": f"{root}._a import _x\n{root}._b._x import value\n", "_a._x": "", "_b._x": ""}
    monkeypatch.setattr(_python_program, "_source", texts.__getitem__)
    with pytest.raises(ValueError, match=r"_b\._x and _a\._x cannot be parts of one program"):
        _python_program.Program("program", "parts", "", "_a._main").paths("/f")


@pytest.mark.parametrize("maker", [_control_program, _ipv6_program, _manager_program, _metrics_program])
def test_ansible_sends_the_parts_along(maker):
    """It sends what a file imports, also what it imports for type checks; the parts are read where the module runs."""
    source = inspect.getsource(maker)
    (main,) = re.findall(r'^    "(_\w+\._\w+)",$', source, re.MULTILINE)
    found = {
        f"{node.module}.{name.name}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }
    assert f"ansible_collections.dialtone.pppoe.plugins.module_utils.{main}" in found
