# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the code of the modules needs of a module, for a program that runs on the host by itself. Private."""

from __future__ import annotations

import os
import shutil
import subprocess
import typing as t

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Host:
    """In the place of an ``AnsibleModule``."""

    check_mode = False
    _diff = False

    def __init__(self, params: t.Mapping[str, t.Any]) -> None:
        self.params = params

    def get_bin_path(self, name: str, required: bool = False, opt_dirs: t.Sequence[str] = ()) -> str | None:
        """The path of a program; ``FileNotFoundError`` for one that is ``required`` and not there."""
        found = shutil.which(name, path=os.pathsep.join([_PATH, *opt_dirs]))
        if found is None and required:
            raise FileNotFoundError(2, "the program is not installed", name)
        return found

    def run_command(
        self,
        words: t.Sequence[str],
        check_rc: bool = False,
        cwd: str | None = None,
        environ_update: t.Mapping[str, str] | None = None,
    ) -> tuple[int, str, str]:
        """Exit status, output and errors of a program; ``OSError`` for one that fails if ``check_rc``."""
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            cwd=cwd,
            env={**os.environ, "PATH": _PATH, **(environ_update or {})},
            encoding="utf-8",
            errors="surrogateescape",
        )
        if check_rc and done.returncode:
            raise OSError(0, f"it ends with status {done.returncode}: {done.stderr.strip()}", words[0])
        return done.returncode, done.stdout, done.stderr

    def selinux_enabled(self) -> bool:
        """Files are made where they belong, and so have the label of their folder."""
        return False
