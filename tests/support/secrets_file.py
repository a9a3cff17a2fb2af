"""A secrets file under test."""

from __future__ import annotations

import os
import stat

from ansible.module_utils import basic

# Has the module tell how it was called: ansible-core up to 2.20 always does, later ones with INJECT_INVOCATION.
TELL = {"_ansible_inject_invocation": True} if "inject_invocation" in basic.PASS_VARS else {}
GUIDE = "# Secrets for authentication using CHAP\n# client\tserver\tsecret\t\t\tIP addresses\n"


def mode(path) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)
