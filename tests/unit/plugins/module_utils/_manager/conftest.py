"""A real session manager, in a network of its own."""

from ansible_collections.dialtone.pppoe.tests.support.server_scripts import place, process

__all__ = ["place", "process"]
