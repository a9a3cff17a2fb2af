"""The real session manager records the sessions that come and go."""

from __future__ import annotations

import random
import sqlite3

import pytest
from ansible_collections.dialtone.pppoe.tests.support.address_steps import walk


@pytest.mark.slow
def test_sessions_that_come_and_go_are_recorded(place):
    folder = place[0]
    (folder / "etc").mkdir(exist_ok=True)
    (folder / "etc" / "default.options").write_text("set DIALTONE_HISTORY_DAYS=30\n")
    walk(*place, random.Random(8), lambda done: done < 15)  # noqa: S311
    database = sqlite3.connect(folder / "history.db")
    rows = database.execute("SELECT interface, address, mac, device, start, stop, bytes_in FROM session").fetchall()
    database.close()
    assert rows
    assert all(address.startswith("10.0.0.") and mac.startswith("02:00:") for _name, address, mac, *_rest in rows)
    # The end and the bytes came from the kernel.
    assert any(stop is not None and count is not None for *_rest, stop, count in rows)
