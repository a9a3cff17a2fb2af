"""Every file that the roles have made is in the tables of docs/security.md, and is as it stands there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

testinfra_hosts = ["ansible://pppoe_servers", "ansible://pppoe_clients"]

DOCUMENT = Path(__file__).resolve().parents[4] / "docs" / "security.md"
SIDES = {"On a server": "pppoe_servers", "On a client": "pppoe_clients"}
PLACEHOLDERS = {
    "DATE": r"[0-9@:-]+",
    "FILE": r"[A-Za-z0-9._-]+",
    "INTERFACE": r"[A-Za-z0-9._@-]+",
    "KIND": r"(?:busy|former|ids|living|new|pid|pool|rest|slots)",
    "NAME": r"[A-Za-z0-9_-]+",
    "PART": r"_[a-z0-9_]+",
    "PATH": r"[A-Za-z0-9._-]+",
    "TARGET": r"(?:[a-z-]+\.(?:target|service)|sys-subsystem-net-devices-[^/]+\.device)",
    "N": r"[0-9]+",
}

# What is newer than the host's image: files in folders of ours or with our names in them, and all others that no
# package owns and that are not what a booting host and its package manager make anyway.
FIND = r"""
cat /var/lib/dpkg/info/*.list | sort -u >/run/files.owned
find / \( -path /proc -o -path /sys -o -path /dev \) -prune -o -newercc /etc/.updated -printf '%u:%g %m %y %p\n' \
    2>/dev/null >/run/files.found
awk 'FNR == NR { owned[$0]; next } { path = $0; sub(/^[^ ]+ [^ ]+ [^ ]+ /, "", path) } !(path in owned)' \
    /run/files.owned /run/files.found
rm /run/files.*
"""
NOT_OURS = re.compile(
    r"/|/lost\+found.*|/srv/.*|/root/\.(ansible|ssh).*|/tmp/.*|/home/.*"
    r"|/usr/(?!local/).*|/var/(cache|log|tmp|spool|mail)/.*|/var/lib/(?!dialtone|pppoe-server).*"
    r"|/etc/(\.pwd\.lock|alternatives.*|apt/.*|chatscripts/.*|hosts|ld\.so\.cache|machine-id|networks|hostname|ssh/.*"
    r"|(passwd|group|shadow|gshadow|subuid|subgid)-?|mtab|ppp/peers/provider|systemd/system/(?![^/]*\.wants/.*pppoe).*\.wants.*"
    # What the package of FreeRADIUS and those that come with it make.
    r"|freeradius/.*|freetds/.*|rc\d\.d(/K01freeradius)?|ssl/.*"
    r"|ppp/ip-up\.d/zz-names|systemd/system/[^/]*dbus.*)"
    r"|/run/(?!ppp|dialtone|node-exporter/).*"
)


@dataclass(frozen=True)
class Row:
    """A line of a table: where, whose, and how."""

    side: str
    path: str
    owner: str
    mode: str
    when: str

    def fits(self, path: str) -> bool:
        words = re.split("(" + "|".join(PLACEHOLDERS) + ")", self.path)
        pattern = "".join(PLACEHOLDERS.get(word) or re.escape(word) for word in words)
        # The metrics stand in a folder that the user names.
        return bool(re.fullmatch(pattern if pattern.startswith("/") else ".*/" + pattern, path))


def table() -> list[Row]:
    found, side = [], None
    for line in DOCUMENT.read_text().splitlines():
        if line.startswith("#"):
            side = SIDES.get(line.strip("# "))
        elif side and line.startswith("| `"):
            paths, owner, mode, when, _content = [cell.strip() for cell in line[1:-1].split("|")]
            found += [Row(side, path, owner, mode, when) for path in re.findall("`([^`]+)`", paths)]
    return found


@pytest.fixture(scope="module")
def rows(host):
    groups = host.ansible.get_variables()["group_names"]
    return [row for row in table() if row.side in groups]


@pytest.fixture(scope="module")
def files(host):
    """Path, owner and mode of each file; the mode of a symbolic link is the word ``link``."""
    found = {}
    for line in host.check_output(FIND).splitlines():
        owner, mode, kind, path = line.split(" ", 3)
        if not NOT_OURS.fullmatch(path):
            found[path] = (owner, "link" if kind == "l" else mode.zfill(4))
    return found


def test_each_file_is_in_the_table(files, rows):
    assert files
    strangers = {path: files[path] for path in files if not any(row.fits(path) for row in rows)}
    # Folders that the roles make where they are missing, with nothing of their own.
    for folder in (
        *("/usr/local", "/usr/local/libexec", "/usr/local/sbin"),
        *("/etc/systemd/system", "/etc/sysctl.d", "/run/ppp", "/etc/ppp"),
    ):
        strangers.pop(folder, None)
    assert strangers == {}


def owner(row, path, host):
    """Of a file that belongs to whom its directory belongs to, that one."""
    if row.owner != "the folder's":
        return row.owner
    folder = host.file(path.rpartition("/")[0])
    return f"{folder.user}:{folder.group}"


def test_each_file_has_the_owner_and_the_mode_of_the_table(host, files, rows):
    wrong = {}
    for path, is_so in files.items():
        allowed = {(owner(row, path, host), row.mode) for row in rows if row.fits(path)}
        if allowed and is_so not in allowed:
            wrong[path] = (is_so, allowed)
    assert wrong == {}


def test_what_is_always_there_is_there(files, rows):
    always = [row for row in rows if not row.when]
    assert len(always) > 5
    # Those of a server that has never run, as in a container, are not there.
    missing = [row.path for row in always if not any(row.fits(path) for path in files)]
    assert missing == []
