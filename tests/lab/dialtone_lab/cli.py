"""The command line of tests/lab/lab."""

import argparse
import json
import os
import sys
from pathlib import Path

from . import labs, names, network, reach, render, requirements, topology
from .errors import LabError, TopologyError
from .machine import Progress, in_namespace
from .names import Names

REPOSITORY = Path(__file__).resolve().parents[3]


def main(arguments: list[str]) -> int:
    """Run one command; errors are one line on standard error."""
    # By hand: Python's releases differ in what argparse does with "--" before another program's options.
    end = arguments.index("--") if "--" in arguments else len(arguments)
    remote = arguments[end + 1 :]
    options = parser().parse_args(arguments[:end])
    if remote and not hasattr(options, "command"):
        parser().error(f"this command takes nothing after --: {' '.join(remote)}")
    options.remote = [*getattr(options, "command", []), *remote]
    try:
        return options.run(options) or 0
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("lab: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 141


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top = argparse.ArgumentParser(prog="lab", description="Networks of hosts for tests and demos, see README.md.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, function, text: str, *words: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        for word in words:
            command.add_argument(word.lower(), metavar=word)
        command.set_defaults(run=function)
        return command

    for name, function, text in (
        ("up", up, "make a lab and wait until its hosts have settled"),
        ("images", build_images, "build the images of a topology, and no more"),
    ):
        command = add(name, function, text, "TOPOLOGY")
        command.add_argument("--image", choices=topology.SUITES, help="for hosts that pin none (default: bookworm)")
        if name == "up":
            command.add_argument("--name", help="of the lab (default: the name of the topology file)")
    command = add("down", down, "remove a lab without a trace")
    which = command.add_mutually_exclusive_group(required=True)
    which.add_argument("name", metavar="NAME", nargs="?")
    which.add_argument("--all", action="store_true", help="every lab whose files are in this state folder")
    add("status", status, "show the labs, or the hosts of one").add_argument("name", metavar="NAME", nargs="?")
    add("ssh", ssh, "log in to a host, or run a command on it", "NAME", "HOST").add_argument(
        "command", nargs="*", metavar="COMMAND"
    )
    command = add("exec", execute, "run a command in the lab's network, or as the gateway of a segment", "NAME")
    command.add_argument("--gateway", metavar="SEGMENT")
    command.add_argument("command", nargs="*", metavar="COMMAND")
    command = add("customers", ask_customers, "customers who need no host, as JSON", "NAME", "SEGMENT", "QUESTION")
    command.add_argument("values", nargs="*", metavar="KEY=VALUE")
    add("console", console, "print what a host wrote on its console", "NAME", "HOST")
    add("reboot", reboot, "reboot a host and wait for it", "NAME", "HOST")
    add("kill", kill, "cut a host's power", "NAME", "HOST")
    add("start", start, "boot a host again, with the disk it had", "NAME", "HOST")
    add("cut", cut, "pull the wire of a host's interface", "NAME", "HOST", "NIC")
    add("join", join, "plug it in again", "NAME", "HOST", "NIC")
    return top


def state_root() -> Path:
    """Where the labs of this checkout have their files."""
    return names.state_root(dict(os.environ), REPOSITORY)


def cache_root() -> Path:
    """Where the images are."""
    return names.cache_root(dict(os.environ))


def _topology(options) -> topology.Topology:
    path = Path(options.topology)
    try:
        return topology.load(path.read_text(encoding="utf-8"), options.image)
    except OSError as error:
        raise TopologyError(f"{path}: {error.strerror}") from error
    except TopologyError as error:
        raise TopologyError(f"{path}: {error}") from error


def up(options) -> None:
    wanted = _topology(options)
    name = names.check_lab_name(options.name or Path(options.topology).stem)
    requirements.check({host.kind for host in wanted.hosts})
    labs.up(Names(name, state_root() / name), wanted, cache_root(), Progress())


def build_images(options) -> None:
    wanted = _topology(options)
    requirements.check({host.kind for host in wanted.hosts})
    labs.prepare(wanted, cache_root(), Progress())


def down(options) -> None:
    root, progress = state_root(), Progress()
    for name in labs.all_names(root) if options.all else [names.check_lab_name(options.name)]:
        lab = Names(name, root / name)
        if not (lab.state.exists() or lab.run.exists() or network.existing(lab)):
            # Removing what is not there is no failure: whoever prepares a fresh start need not look first.
            progress.say(f"no lab {name!r} in {root}; there is: {', '.join(labs.all_names(root)) or 'none'}")
            continue
        labs.down(lab, progress)


def status(options) -> None:
    if options.name:
        print(_status_of_hosts(labs.find(state_root(), options.name)))
        return
    rows: list[tuple[str, ...]] = [("LAB", "HOSTS", "RUNNING", "FILES")]
    for name in labs.all_names(state_root()):
        try:
            lab = labs.find(state_root(), name)
            running = sum(1 for host in lab.topology.hosts if lab.pid(host))
            rows.append((name, str(len(lab.topology.hosts)), str(running), str(lab.names.state)))
        except LabError:
            rows.append((name, "?", "unfinished", str(state_root() / name)))
    print(render.host_table(rows))


def _status_of_hosts(lab: labs.Lab) -> str:
    rows: list[tuple[str, ...]] = [("HOST", "KIND", "IMAGE", "PID", "MANAGEMENT", "ADDRESSES", "STATE")]
    for host in lab.topology.hosts:
        pid = lab.pid(host)
        cut = [nic.name for nic in host.all_interfaces if network.is_cut(lab.names, host, nic)]
        state = "stopped" if not pid else "running" if reach.answers(lab.names, host) else "not answering"
        rows.append(
            (
                host.name,
                host.kind,
                host.image,
                str(pid or "-"),
                host.management_address,
                render.addresses(host),
                ", ".join([state, *(f"{nic} cut" for nic in cut)]),
            )
        )
    return render.host_table(rows)


def _find(options) -> tuple[labs.Lab, topology.Host]:
    lab = labs.find(state_root(), options.name)
    return lab, lab.topology.host(options.host)


def ssh(options) -> None:
    lab, host = _find(options)
    reach.replace_with(["ssh", "-F", str(lab.names.ssh_config), host.name, *options.remote])


def execute(options) -> None:
    lab = labs.find(state_root(), options.name).names
    namespace = lab.gateway_namespace(options.gateway) if options.gateway else lab.namespace
    if namespace not in network.existing(lab):
        raise LabError(f"segment {options.gateway!r} has no gateway in lab {options.name}")
    if not options.remote:
        raise LabError("give a command to run, for example: lab exec NAME -- ip -brief address")
    reach.replace_with(in_namespace(namespace, *options.remote))


def ask_customers(options) -> None:
    crowd = labs.customers(labs.find(state_root(), options.name), options.segment)
    print(json.dumps(crowd.do(options.question, dict(_value(word) for word in options.values)), indent=1))


def _value(word: str) -> tuple[str, object]:
    """KEY=VALUE: a value that is JSON is that, any other is text."""
    key, equals, value = word.partition("=")
    if not equals:
        raise LabError(f"{word!r}: give KEY=VALUE")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def console(options) -> None:
    lab, host = _find(options)
    sys.stdout.write(lab.names.console(host.name).read_text(errors="replace"))


def reboot(options) -> None:
    lab, host = _find(options)
    labs.reboot(lab, host, Progress())


def kill(options) -> None:
    lab, host = _find(options)
    labs.kill(lab, host)


def start(options) -> None:
    lab, host = _find(options)
    progress = Progress()
    progress.say(f"host {host.name}: booting")
    lab.start(host)
    reach.wait_settled(lab, (host,), progress)


def cut(options) -> None:
    lab, host = _find(options)
    network.cut(lab.names, host, options.nic)


def join(options) -> None:
    lab, host = _find(options)
    network.join(lab.names, host, options.nic)
