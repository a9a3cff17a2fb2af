"""What ends the processes of an instance."""

from __future__ import annotations

import os

from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _daemon as _server_daemon
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _processes as _server_processes


def test_a_later_process_with_a_pid_is_none_of_the_instance():
    own = _server_daemon._starts(_server_processes.Running(None, (os.getpid(), 1 << 22)))
    assert _server_daemon._living(own) == [os.getpid()]
    assert _server_daemon._living({os.getpid(): (own[os.getpid()] or 0) - 1}) == []
