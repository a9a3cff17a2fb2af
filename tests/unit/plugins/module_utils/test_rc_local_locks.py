"""Whoever edits rc.local holds its lock, since others have blocks of their own there."""

from __future__ import annotations

import contextlib

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._access import _run as _access_run
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _accounts as _client_accounts
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _rc_local
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _run as _server_run


class Module:
    """A run of a module, which ends as soon as it would look at the host."""

    check_mode = False

    def __init__(self, **params) -> None:
        self.params = params


class Looks(Exception):
    pass


def look(*_arguments, **_more):
    raise Looks


@pytest.fixture
def held(monkeypatch):
    found: list[str] = []

    @contextlib.contextmanager
    def locked(path, _timeout=0.0):
        found.append(path)
        yield

    monkeypatch.setattr(_files, "locked", locked)
    for module, name in ((_access_run, "present"), (_server_run, "configure")):
        monkeypatch.setattr(module, name, look)
    return found


def client(_module):
    with _client_accounts.locked():
        look()


@pytest.mark.parametrize("run", [_access_run.run, _server_run.run, client])
def test_it_is_held_before_the_host_is_looked_at(held, run):
    with pytest.raises(Looks):
        run(Module(name="x", state="started" if run is _server_run.run else "present"))
    assert _rc_local.path() in held
