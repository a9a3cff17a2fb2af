from __future__ import annotations

import os
import subprocess
import sys

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _kernel, _names
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _program as _manager_program
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _grant, _shaping
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _disconnect as _radius_disconnect
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _programs as _radius_programs

Marks = _radius_disconnect.Marks
DISCONNECT = "Disconnect-Request"
SESSIONS = {
    10: Marks("id-1", "10.0.0.1", "ann", "02:00:00:00:00:01", "eth1:1"),
    20: Marks("id-2", "10.0.0.2", "bob", "02:00:00:00:00:02", "eth1:2"),
    30: Marks("id-3", "10.0.0.3", "bob", "02:00:00:00:00:03", "eth1:3"),
    40: Marks("", "", "", "02:00:00:00:00:04", ""),
}


@pytest.mark.parametrize(
    ("wanted", "code", "pid"),
    [
        (Marks(session_id="id-2"), 0, 20),
        (Marks(address="10.0.0.1"), 0, 10),
        (Marks(account="ann"), 0, 10),
        (Marks(account="bob"), 5, None),
        (Marks(account="bob", address="10.0.0.3"), 0, 30),
        (Marks(account="ann", address="10.0.0.3"), 7, None),
        (Marks(account="an"), 7, None),
        (Marks(mac="02-00-00-00-00-02"), 0, 20),
        (Marks(mac="0200.0000.0002", account="ann"), 7, None),
        (Marks(port="eth1:3"), 0, 30),
        (Marks(), 7, None),
        (Marks(session_id="id-9"), 7, None),
    ],
)
def test_exactly_one_session_is_ended(wanted, code, pid):
    assert _radius_disconnect.decide(DISCONNECT, wanted, SESSIONS)[:2] == (code, pid)


def test_another_request_is_not_understood():
    assert _radius_disconnect.decide("Access-Request", Marks(account="ann"), SESSIONS)[:2] == (8, None)


@pytest.fixture
def session(tmp_path, monkeypatch):
    """A session of an instance with plans: its files, and what was set in the kernel."""
    words = ["pppd", "file", f"{tmp_path}/default.options"]
    process = _kernel.described(os.getpid(), 1, words, str(tmp_path), waiting=False)
    values = {"IFNAME": b"ppp0", "PEERNAME": b"ann"}
    done: list[tuple[str, str]] = []
    prepared: list[tuple] = []
    monkeypatch.setattr(_radius_disconnect, "_LINKS", str(tmp_path))
    monkeypatch.setattr(_kernel, "processes", lambda _folder, _script: [process])
    monkeypatch.setattr(_names, "values", lambda pids, _run, name: dict.fromkeys(pids, values[name]))

    def apply(name, before, shape):
        assert prepared.pop() == (name, before, shape)
        done.append((name, f"{shape.download} {shape.upload}"))

    monkeypatch.setattr(_shaping, "prepare", prepared.extend)
    monkeypatch.setattr(_shaping, "apply", apply)

    def change(attribute="Filter-Id", **said):
        plans = {"home": {"download": 1_000_000, "upload": 1_000_000}}
        (tmp_path / "default.plans").write_bytes(_grant.plans_text(plans, "home", attribute))
        (tmp_path / "default.customers").write_bytes(b"")
        (tmp_path / "radattr.ppp0").write_text("Framed-MTU 1400\nFilter-Id 2000/1000\nWISPr-Bandwidth-Max-Up 70000\n")
        done.clear()
        named = {name.replace("_", "-"): value for name, value in said.items()}
        code, text = _radius_disconnect.change(os.getpid(), named, str(tmp_path), str(tmp_path))
        return code, done[0] if done else text, (tmp_path / "radattr.ppp0").read_text().splitlines()

    return change


def test_a_session_gets_other_rates_and_they_are_kept(session):
    code, done, kept = session(Filter_Id="5000/4000", Mikrotik_Rate_Limit="")
    assert (code, done) == (0, ("ppp0", "5000000 4000000"))
    assert kept == ["Framed-MTU 1400", "WISPr-Bandwidth-Max-Up 70000", "Filter-Id 5000/4000"]


def test_one_of_two_rates_leaves_the_other(session):
    code, done, kept = session("WISPr-Bandwidth-Max", WISPr_Bandwidth_Max_Down="90000", Filter_Id="1/1")
    assert (code, done) == (0, ("ppp0", "90000 70000"))
    assert "Filter-Id 2000/1000" in kept


@pytest.mark.parametrize(
    ("attribute", "said", "code", "text"),
    [
        ("Filter-Id", {"Filter_Id": "gold"}, 6, "Filter-Id 'gold' is not download/upload"),
        ("Filter-Id", {"Mikrotik_Rate_Limit": "1M/1M"}, 9, "it has no Filter-Id"),
        ("Filter-Id", {}, 9, "it has no Filter-Id"),
        (None, {"Filter_Id": "5000/4000"}, 8, "take no rates from RADIUS"),
    ],
)
def test_what_cannot_be_changed_is_left(session, attribute, said, code, text):
    found, why, kept = session(attribute, **said)
    assert found == code
    assert text in why
    assert "Filter-Id 2000/1000" in kept


def test_what_a_session_was_begun_with():
    words = ["pppd", "remotenumber", "x", "avpair", "NAS-Port-Id=eth1:41", "avpair", "Acct-Multi-Session-Id=u"]
    assert _radius_disconnect.avpairs(words) == {"NAS-Port-Id": "eth1:41", "Acct-Multi-Session-Id": "u"}


def test_the_program_answers(tmp_path):
    """As it is installed: beside the manager's files, with nothing of Ansible."""
    for path, text in _manager_program.files(str(tmp_path), sys.executable).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(text)
    program = next(
        file for file in _radius_programs.disconnect_files("freerad", sys.executable, True) if file.path.endswith("ect")
    )
    (tmp_path / "program").write_bytes(program.content)
    (tmp_path / "program").chmod(0o755)
    done = subprocess.run(
        [tmp_path / "program"],
        input=f"{DISCONNECT}\0\0 203.0.113.9\0no\x1b[31mbody\0\0\0\0\0\0\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "7\n"
    assert "no sessions match" in done.stderr
    assert "\x1b" not in done.stderr
