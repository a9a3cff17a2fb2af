"""The page of status.yml, as Ansible makes it of its template."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from ansible_collections.dialtone.pppoe.tests.support.repository import REPOSITORY

pytestmark = pytest.mark.slow
HOSTILE = "x<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;\u00e9\u65e5"
#: What a terminal acts on, and what turns the direction of the text.
UNSEEN = "\x1b[2J\r\n\x9b31m\u202eevil\u2066\u200b"
SERVER = {
    "host": "gate", "name": "default", "running": True, "interfaces": ["eth1"], "version": "3.15", "mode": "kernel",
    "sessions": 1840, "sessions_limit": 2046, "pool_size": 2000, "pool_used": 1500, "pool_free": 500,
    "bytes_in": 1500, "bytes_out": 98765432100, "warnings": [],
}  # fmt: skip
ROWS = [
    SERVER,
    {**SERVER, **dict.fromkeys(("host", "name", "version", "mode"), HOSTILE), "interfaces": [HOSTILE],
     "warnings": [HOSTILE]},
    {"host": HOSTILE, "state": "unreachable", "problem": HOSTILE},
    {"host": "bare"},
    {**SERVER, "host": "odd" + UNSEEN, "name": UNSEEN, "warnings": UNSEEN, "version": [UNSEEN], "mode": {"a": UNSEEN}},
    {**SERVER, "host": "nonsense", **dict.fromkeys(
        ("sessions", "sessions_limit", "pool_size", "pool_used", "pool_free", "bytes_in", "bytes_out"), HOSTILE)},
    {"host": "less", "pool_size": 5},
    {**SERVER, "host": "more", "sessions": 0, "pool_size": 1, "pool_used": -9e99, "pool_free": 1e400},
]  # fmt: skip


class Page(HTMLParser):
    """Its tags, its text, and the cells of each row."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.attributes, self.rows = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data):
        if self.rows and self.rows[-1] and self.tags[-1] not in ("script", "style"):
            self.rows[-1][-1] += data.strip()


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    (folder / "rows.json").write_text(json.dumps({"rows": ROWS, "as_of": "today"}))
    template = REPOSITORY / "playbooks" / "templates" / "status.html.j2"
    ansible = [str(Path(sys.executable).with_name("ansible")), "localhost", "-c", "local", "-m", "template"]
    arguments = [f"-a=src={template} dest={folder}/page.html", f"-e=@{folder}/rows.json"]
    environment = {**os.environ, "ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_HOME": str(folder)}
    subprocess.run([*ansible, *arguments], check=True, capture_output=True, env=environment)
    return (folder / "page.html").read_text()


def test_rows(text):
    head, first, *others = Page(text).rows
    assert len(head) == 10
    assert first == [
        "gatedefault on eth1", "up", "1 840/ 2 046", "1 500/ 2 000 (75 %)", "500", "kernel", "3.15", "1.5 kB",
        "98.8 GB", "",
    ]  # fmt: skip
    assert [len(row) for row in others] == [10] * 7
    assert others[1][1] == "unreachable"
    assert others[2][1] == "no server"


def test_what_hosts_say_is_shown_and_does_nothing(text):
    page = Page(text)
    assert page.tags.count("script") == 1
    assert "img" not in page.tags
    assert not [name for name, _value in page.attributes if name.startswith("on")]
    assert page.rows[2][0].startswith(HOSTILE)
    assert page.rows[2][9] == HOSTILE
    assert page.rows[3][9] == HOSTILE


def test_what_nobody_sees_is_shown(text):
    assert not [character for character in text if not (character.isprintable() or character == "\n")]
    odd = Page(text).rows[5]
    assert odd[0] == "odd?[2J???31m?evil???[2J???31m?evil?? on eth1"
    assert odd[9] == "?[2J???31m?evil??"


def test_nonsense_of_a_host_spoils_its_own_row_only(text):
    rows = {row[0].removesuffix("default on eth1").removesuffix("-"): row for row in Page(text).rows}
    assert rows["nonsense"][2:5] == ["0/ 0", "0/ 0 (0 %)", "0"]
    assert rows["less"][1:5] == ["down", "0/ 0", "0/ 5 (0 %)", "0"]
    assert "<dd>5 520</dd>" in text


def test_the_one_script_is_the_one_that_the_browser_is_told_to_run(text):
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL).group(1)
    expected = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{expected}'" in text


def test_nothing_is_loaded_from_elsewhere(text):
    assert not {name for name, _value in Page(text).attributes} & {"src", "href", "srcset", "data", "action"}
    assert not re.search(r"url\(|@import|https?:", text)
