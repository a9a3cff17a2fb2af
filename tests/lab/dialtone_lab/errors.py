"""Errors that the command line shows as one line, without a traceback."""


class LabError(Exception):
    """Something went wrong that the message explains to whoever started the lab."""

    exit_code = 1


class RequirementError(LabError):
    """The machine lacks something; nothing was touched."""

    exit_code = 2


class TopologyError(LabError):
    """The topology file says something that cannot be built."""

    exit_code = 2
