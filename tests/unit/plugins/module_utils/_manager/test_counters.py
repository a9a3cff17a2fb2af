"""What the session manager counts: starts, ends and dials, and the answer to who asks."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _book, _counters, _kernel
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _metrics_main
from ansible_collections.dialtone.pppoe.tests.support import server_scripts


@pytest.fixture
def counters(tmp_path, monkeypatch):
    monkeypatch.setattr(_kernel, "age", lambda started: started / 100)
    made = _counters.Counters(str(tmp_path))
    made.counting = True
    return made


@pytest.fixture
def book():
    made = _book.Book()
    made.set_pool("default", [f"10.0.0.{number}" for number in range(2, 9)])
    return made


def begin(book, counters, pid, ticks=10, instance="default"):
    session = _book.Session(pid, ticks, 0.0, instance, str(pid), "02:00:00:00:00:07")
    book.add(session)
    come_up(book, counters, pid)
    return session


def come_up(book, counters, pid):
    book.came_up(pid, f"ppp{pid}", f"10.0.0.{pid}")
    counters.start(book.sessions[pid])


def answer(tmp_path, counters, book, waiting=()):
    counters.answer(7, book, waiting, {"default": {"framed": 2}})
    text = (tmp_path / "counters").read_text()
    assert _counters.asked(text) == 7
    return _counters.read(text)["default"]


def test_starts_and_how_long_they_took(tmp_path, counters, book):
    for pid, ticks in ((2, 5), (3, 6), (4, 9000)):
        begin(book, counters, pid, ticks)
    found = answer(tmp_path, counters, book)
    assert (found.starts, found.ends, round(found.seconds, 2)) == (3, 0, 90.11)
    assert found.dials == [1, 1, 0, 0, 0, 0, 0, 0, 0, 1]
    assert stat.S_IMODE(os.stat(tmp_path / "counters").st_mode) == 0o600


def test_ends_each_once_and_their_causes(tmp_path, counters, book):
    sessions = [begin(book, counters, pid) for pid in (2, 3, 4)]
    sessions[1].ended, sessions[1].cause = True, _counters.NAS
    book.went_down(2)
    book.gone(2)
    book.gone(3)
    counters.ends(book)
    book.gone(2)
    found = answer(tmp_path, counters, book)
    assert (found.starts, found.ends) == (3, 2)
    assert found.last_ends == [[2, None], [3, "NAS-Request"]]


def test_the_end_of_one_that_never_had_an_address_is_none(tmp_path, counters, book):
    """As of one that authentication has given an interface, and its plan nothing more."""
    book.add(_book.Session(2, 1, 0.0, "default", interface="ppp0"))
    book.gone(2)
    assert answer(tmp_path, counters, book).ends == 0


def test_what_was_compared_anew_has_not_ended(tmp_path, counters, book):
    begin(book, counters, 2)
    book.went_down(2)
    come_up(book, counters, 2)
    found = answer(tmp_path, counters, book)
    assert (found.starts, found.ends) == (1, 0)


def test_an_address_that_comes_again_is_a_start_but_no_dial(tmp_path, counters, book):
    begin(book, counters, 2)
    book.went_down(2)
    counters.ends(book)
    come_up(book, counters, 2)
    found = answer(tmp_path, counters, book)
    assert (found.starts, found.ends, sum(found.dials)) == (2, 1, 1)


def test_dials_under_way(tmp_path, counters, book):
    """Neither one that was up and is about to end nor one that is hung up dials."""
    for pid in (5, 6, 7):
        book.add(_book.Session(pid, 1, 0.0, "default"))
    book.sessions[6].ended = True
    begin(book, counters, 2)
    book.went_down(2)
    assert answer(tmp_path, counters, book, ["default", "other"]).under_way == 3
    book.gone(5)
    book.gone(7)
    assert answer(tmp_path, counters, book).under_way == 0


def test_the_next_manager_goes_on_and_counts_nobody_twice(tmp_path, counters, book):
    begin(book, counters, 2)
    first = answer(tmp_path, counters, book)
    again = _counters.Counters(str(tmp_path))
    other = _book.Book()
    other.set_pool("default", ["10.0.0.2"])
    begin(other, again, 2)
    again.counting = True
    begin(other, again, 3)
    found = answer(tmp_path, again, other)
    assert (found.starts, found.since) == (2, first.since)
    other.gone(2)
    assert answer(tmp_path, again, other).ends == 1


def test_sessions_of_others_are_not_counted(tmp_path, counters, book):
    begin(book, counters, 2, instance=None)
    book.gone(2)
    found = answer(tmp_path, counters, book)
    assert (found.starts, found.ends) == (0, 0)


def test_only_the_last_ends_are_kept(tmp_path, counters, book, monkeypatch):
    monkeypatch.setattr(_counters, "KEPT", 2)
    for _round in range(7):
        begin(book, counters, 2)
        book.gone(2)
        counters.ends(book)
    found = answer(tmp_path, counters, book)
    assert (found.ends, found.last_ends) == (7, [[2, None], [2, None]])


@pytest.mark.parametrize("text", ["", "[]", "{", '{"instances": {"a": {"x": 1}}}', json.dumps({"instances": 5})])
def test_a_file_of_something_else(text):
    assert _counters.read(text) == {}
    assert _counters.asked(text) == -1


def test_a_real_manager_answers_who_asks(place, process, monkeypatch):
    """The program of the metrics asks the manager; killed, the next one goes on from there."""
    folder = place[0]
    monkeypatch.setattr(_metrics_main, "MANAGER", f"{folder}/run")
    assert _metrics_main._counts("default") is None
    server_scripts.pool(folder, "10.0.0.2", "10.0.0.3")
    manager = "scripts/pppoe-server-manager"
    server_scripts.run(folder, manager, "ensure", shell=sys.executable)
    # From the beginning, so that the first dial is seen as a change.
    assert _metrics_main._counts("default").starts == 0
    pppd = server_scripts.session(place, process, "10.0.0.2")
    server_scripts.interface(folder, "ppp0", "10.0.0.1", "10.0.0.2", pppd.pid)
    wait_for(lambda found: (found.starts, found.ends, sum(found.dials)) == (1, 0, 1))
    server_scripts.run(folder, manager, "stop", shell=sys.executable)
    server_scripts.run(folder, manager, "ensure", shell=sys.executable)
    subprocess.run(server_scripts.inside(folder, "ip", "link", "del", "ppp0"), check=True)
    found = wait_for(lambda found: found.ends == 1)
    assert (found.starts, found.last_ends) == (1, [[pppd.pid, None]])


def wait_for(condition):
    for _attempt in range(200):
        found = _metrics_main._counts("default")
        if found is not None and condition(found):
            return found
        time.sleep(0.05)
    raise AssertionError(found)
