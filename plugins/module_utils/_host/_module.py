# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The frame of every module: run it, and report its result or its error. Private to this collection."""

from __future__ import annotations

import errno
import os
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed, Refused

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

#: The fix where only root may do something.
BECOME = "Run the task as root: become: true."

#: What to do about an error of the operating system, by its number.
_FIXES = {
    errno.ENOSPC: "The file system is full: free some space there, or inodes (df -h, df -i).",
    errno.EDQUOT: "The disk quota is used up: free some space there.",
    errno.EROFS: "The file system is mounted read-only: mount it read-write, or find out why it became read-only.",
    errno.EIO: "The disk has an error: look into the kernel's log (dmesg).",
}
_NOT_ALLOWED = (errno.EACCES, errno.EPERM)


def execute(module: AnsibleModule, run: t.Callable[[t.Any], dict[str, t.Any]]) -> None:
    """End the module with what ``run(module)`` returns, or with the error that it raises."""
    try:
        result = run(module)
    except (Refused, Failed) as error:
        module.fail_json(msg=str(error), **error.result)
    except OSError as error:
        module.fail_json(msg=os_error(error))
    module.exit_json(**result)


def os_error(error: OSError) -> str:
    """The text of an error of the operating system: the path, the cause and, where there is one, the fix."""
    text = error.strerror or str(error)
    if error.filename is not None:
        name = error.filename if isinstance(error.filename, str) else repr(error.filename)
        text = f"{name}: {text}"
    fix = os_fix(error)
    return f"{text}. {fix}" if fix else f"{text}."


def os_fix(error: OSError) -> str:
    """What to do about it, empty where that is not known."""
    if error.errno in _NOT_ALLOWED:
        if os.geteuid() != 0:
            return BECOME
        return "root may not either: look for an immutable file (lsattr), a container's limits, or SELinux or AppArmor."
    return _FIXES.get(error.errno or 0, "")
