# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs that run another command: what they run. Private to this collection. Pure."""

from __future__ import annotations

import os
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._shell_words import Word

SHELLS = ("sh", "bash", "dash", "ash", "ksh", "mksh", "zsh")
#: By program: the letters whose option takes an argument, and how many operands come before the command.
_PREFIXES = {
    "nohup": ("", 0),
    "setsid": ("", 0),
    "exec": ("a", 0),
    "command": ("", 0),
    "builtin": ("", 0),
    "busybox": ("", 0),
    "time": ("fo", 0),
    "sudo": ("ugUCDhprtTR", 0),
    "doas": ("uC", 0),
    "nice": ("n", 0),
    "ionice": ("cnpPu", 0),
    "env": ("uSC", 0),
    "stdbuf": ("ioe", 0),
    "timeout": ("ks", 1),
    "chrt": ("TPD", 1),
    "taskset": ("", 1),
    "flock": ("wE", 1),
    "systemd-run": ("upEMHC", 0),
    "screen": ("SscehtpT", 0),
}
# Long options whose argument is a word of its own.
_LONG = re.compile(
    r"--(?:unit|property|description|slice|setenv|uid|gid|working-directory|user|group|shell|chuid|pidfile|nicelevel"
    r"|signal|kill-after|on-boot|on-active|timeout|adjustment|class|classdata|unset|chdir)\Z"
)
_SETTING = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_TMUX = {"new-session": "sncexytF", "new": "sncexytF", "new-window": "cntF", "neww": "cntF", "split-window": "clptF"}


@dataclass(frozen=True)
class Inner:
    """What is run. ``kind``: ``words`` (a command), ``text`` (shell, in one word) or ``file`` (a script)."""

    kind: str
    words: tuple[Word, ...]


def inner(words: t.Sequence[Word]) -> Inner | None:
    """What such a program runs; ``None`` for another program, and for a use of it that cannot be read."""
    name = os.path.basename(words[0].text)
    if name in SHELLS:
        return _of_shell(words[1:])
    if name in ("su", "runuser", "script"):
        return _of_su(words[1:])
    if name == "eval":
        return _text(words[1:])
    if name == "start-stop-daemon":
        return _of_start_stop_daemon(words[1:])
    if name == "tmux":
        return _of_tmux(words[1:])
    if name not in _PREFIXES or (name == "command" and words[1:2] and words[1].text in ("-v", "-V")):
        return None
    if name == "screen" and any(word.text == "-X" for word in words):
        return None
    letters, operands = _PREFIXES[name]
    rest = _without_options(words[1:], letters)[operands:]
    if name == "flock" and rest[:1] and rest[0].text in ("-c", "--command"):
        return _text(rest[1:2])
    while rest and name in ("env", "sudo", "doas") and _SETTING.match(rest[0].text):
        rest = rest[1:]
    return Inner("words", tuple(rest)) if rest else None


def _text(words: t.Sequence[Word]) -> Inner | None:
    """A text for a shell, of one word or several."""
    if not words:
        return None
    return Inner("text", (Word(" ".join(word.text for word in words), all(word.literal for word in words)),))


def _without_options(words: t.Sequence[Word], letters: str) -> list[Word]:
    rest = list(words)
    while rest and rest[0].text.startswith("-") and rest[0].text != "-":
        option = rest.pop(0).text
        if option == "--":
            break
        takes = _LONG.match(option) if option.startswith("--") else option[-1] in letters
        if takes and rest:
            rest.pop(0)
    return rest


def _of_shell(words: t.Sequence[Word]) -> Inner | None:
    rest = list(words)
    text = False
    while rest and rest[0].text[:1] in ("-", "+") and rest[0].text != "-":
        option = rest.pop(0).text
        text = text or (not option.startswith("--") and "c" in option)
        if option in ("-o", "+o", "-O", "+O", "--rcfile", "--init-file") and rest:
            rest.pop(0)
    if not rest:
        return None
    return Inner("text", (rest[0],)) if text else Inner("file", tuple(rest))


def _of_su(words: t.Sequence[Word]) -> Inner | None:
    for index, word in enumerate(words):
        option, equals, value = word.text.partition("=")
        if option in ("--command", "--session-command") and equals:
            return Inner("text", (Word(value, word.literal),))
        clustered = re.match(r"-[a-zA-Z]*c\Z", word.text)
        if clustered or word.text in ("--command", "--session-command"):
            return _text(words[index + 1 : index + 2])
        if re.match(r"-c.", word.text):
            return Inner("text", (Word(word.text[2:], word.literal),))
    if "-u" in [word.text for word in words]:  # runuser -u USER COMMAND
        rest = _without_options(words, "ugG")
        return Inner("words", tuple(rest)) if rest else None
    return None


def _of_start_stop_daemon(words: t.Sequence[Word]) -> Inner | None:
    program: Word | None = None
    for index, word in enumerate(words):
        option, equals, value = word.text.partition("=")
        if option in ("-K", "--stop", "-T", "--status") or option == "--":
            break
        if option in ("--exec", "--startas"):
            program = Word(value, word.literal) if equals else next(iter(words[index + 1 : index + 2]), None)
        elif option in ("-x", "-a") or re.match(r"-S\w*x\Z", option):
            program = next(iter(words[index + 1 : index + 2]), None)
    texts = [word.text for word in words]
    if program is None or {"-K", "--stop", "-T", "--status"} & set(texts):
        return None
    arguments = words[texts.index("--") + 1 :] if "--" in texts else ()
    return Inner("words", (program, *arguments))


def _of_tmux(words: t.Sequence[Word]) -> Inner | None:
    rest = _without_options(words, "fLSc")
    if not rest or rest[0].text not in _TMUX:
        return None
    command = _without_options(rest[1:], _TMUX[rest[0].text])
    return _text(command) if len(command) == 1 else Inner("words", tuple(command)) if command else None
