"""The parameters of modules as Ansible hands them over: every one, with its default."""

from __future__ import annotations

import typing as t

from ansible_collections.dialtone.pppoe.plugins.modules import pppoe_client, pppoe_server


def defaults(arguments: t.Mapping[str, t.Mapping[str, t.Any]]) -> dict[str, t.Any]:
    """What a task without any parameter gives."""
    return {name: argument.get("default") for name, argument in arguments.items()}


#: An instance that needs nothing else.
SERVER: dict[str, t.Any] = {
    **defaults(pppoe_server.ARGUMENTS),
    "interfaces": ["eth1"],
    "local_address": "10.9.0.1",
    "pool": ["10.9.0.2+20"],
}
#: A connection that needs nothing else.
CLIENT: dict[str, t.Any] = {
    **defaults(pppoe_client.ARGUMENTS),
    "name": "dsl",
    "interface": "eth0",
    "username": "cmz",
    "secret": "open sesame",
}
