"""The scripts of a server, ready to run."""

from ansible_collections.dialtone.pppoe.tests.support.server_scripts import place, process, start

__all__ = ["place", "process", "start"]
