# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``pppoe-server-ctl`` prints, and its help. Private to this collection. Pure."""

from __future__ import annotations

import argparse
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _text

_COLUMNS = (
    ("INTERFACE", "interface"),
    ("ACCOUNT", "username"),
    ("ADDRESS", "address"),
    ("MAC", "peer_mac"),
    ("SERVER", "instance"),
    ("SINCE", "since"),
    ("PLAN", "plan"),
    ("IN", "bytes_in"),
    ("OUT", "bytes_out"),
)
_DESCRIPTION = """Show and control the PPPoE sessions of this host. Only root may use it.

What is read and done is what the modules pppoe_session_info, pppoe_session and pppoe_access of the Ansible collection
dialtone.pppoe read and do."""
_EPILOG = """exit status:
  0  done
  1  it cannot be done; the error names the cause
  2  the command line is wrong
  3  no such session, or nothing is known of the account

examples:
  pppoe-server-ctl sessions
  pppoe-server-ctl why ann
  pppoe-server-ctl watch ann -- -c 20 icmp
  pppoe-server-ctl kick --mac 02:00:00:00:00:01
  pppoe-server-ctl drain; pppoe-server-ctl drain --undo

files:
  /run/pppoe-server/refused           sessions that the session manager has hung up
  /var/lib/pppoe-server/history.db    sessions of the past, if they are kept

A draining lasts, over reboots too, until it is undone here, by a playbook or by the role."""


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser("pppoe-server-ctl", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=_raw)
    made.add_argument("--json", action="store_true", help="print JSON")
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    several: dict[str, t.Any] = {"nargs": "*", "metavar": "ACCOUNT"}
    one = commands.add_parser("sessions", help="list live sessions, all of them or some")
    one.add_argument("username", **several)
    _selectors(one)
    one = commands.add_parser("kick", help="end sessions; the client may dial again")
    one.add_argument("username", **several)
    _selectors(one)
    one.add_argument("--timeout", type=int, default=20, help="seconds to wait for their end (default: 20)")
    one = commands.add_parser("drain", help="start no new sessions; living ones stay")
    one.add_argument("instance", nargs="*", metavar="SERVER", help="limit to these instances")
    one.add_argument("--undo", action="store_true", help="start new sessions again")
    one = commands.add_parser("why", help="say what is known of an account that cannot connect")
    one.add_argument("account", metavar="ACCOUNT")
    one = commands.add_parser("watch", help="show the packets of a customer, by tcpdump on his interface")
    one.add_argument("account", metavar="ACCOUNT")
    one.add_argument("options", nargs="*", metavar="-- OPTION", help="options and filter of tcpdump")
    for each in commands.choices.values():
        each.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
    return made


def _raw(prog: str) -> argparse.HelpFormatter:
    return argparse.RawDescriptionHelpFormatter(prog, max_help_position=26, width=100)


def _selectors(made: argparse.ArgumentParser) -> None:
    for name, text in (
        ("address", "with this address of the client"),
        ("mac", "from this MAC address"),
        ("interface", "on this PPP interface"),
        ("instance", "of this server instance"),
    ):
        made.add_argument(f"--{name}", action="append", metavar=name.upper(), help=f"{text}; can be given again")


def table(sessions: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """Sessions, a line each."""
    rows = [[title for title, _key in _COLUMNS]]
    rows += [[_cell(key, session.get(key)) for _title, key in _COLUMNS] for session in sessions]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    return "".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() + "\n" for row in rows)


def _cell(key: str, value: t.Any) -> str:
    if value is None:
        return "-"
    return size(value) if key.startswith("bytes_") else _text.printable(str(value))


def size(number: int) -> str:
    """Bytes, for a person."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f}{unit}" if unit == "B" or number >= 10 else f"{number:.1f}{unit}"
        number /= 1000  # type: ignore[assignment]
    return f"{number:.1f}TB"


def printable_line(line: str) -> str:
    """For a terminal: what a customer has called himself may be anything."""
    return _text.printable(line.rstrip("\n")) + "\n"
