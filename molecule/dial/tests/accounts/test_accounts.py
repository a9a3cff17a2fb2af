"""The accounts of a live server come from the nightly export of a billing system, a file on the controller."""

from __future__ import annotations

import re

import pytest

testinfra_hosts = ["ansible://server-bookworm"]

#: In each secret. The pattern that looks for it does not contain it, so that it does not find itself.
HUSH, PATTERN = "hush-", "hush[-]"
CUSTOMERS = [f"customer{number},{HUSH}{number},10.0.{number >> 8}.{number & 255}" for number in range(1, 1500)]
EXPORT = ["name,secret,addresses", "cmz,cmz,", "cmz2,cmz2,192.168.10.3", *CUSTOMERS, f"new,{HUSH}new,192.168.10.7"]

# Looks into the command line and environment of every process, again and again, until it is told to stop.
WATCH = (
    f"until [ -e /run/watch.end ]; do grep -al '{PATTERN}' /proc/[0-9]*/cmdline /proc/[0-9]*/environ; sleep 0.1; done"
)


@pytest.fixture
def nightly(host, site, tmp_path):
    """Runs the accounts' part of site.yml with an export of these lines, and shows what it can."""
    name = host.ansible.get_variables()["inventory_hostname"]

    def run(lines: list[str], *words: str):
        (tmp_path / "export.csv").write_text("\n".join(lines) + "\n")
        variables = {"pppoe_server_accounts_src": str(tmp_path / "export.csv"), "pppoe_server_accounts": []}
        done = site(
            name, "--tags=accounts", "-vvvv", "--diff", *words, pppoe_server_accounts_exclusive=True, **variables
        )
        counts = dict(re.findall(r"(\w+)=(\d+)", done.stdout[done.stdout.index("PLAY RECAP") :]))
        return done.stdout, {what: int(counts[what]) for what in ("ok", "changed", "failed")}

    yield run
    site(
        name,
        "--tags=accounts",
        pppoe_server_accounts_exclusive=True,
        pppoe_server_accounts_max_removals=len(CUSTOMERS) + 1,
    )


def sessions(host) -> list[str]:
    return sorted(host.check_output("pgrep -x pppd").split())


def test_one_task_and_no_session_notices(host, nightly):
    before = sessions(host)
    host.check_output("rm -f /run/watch.end; nohup sh -c %s >/run/watch.seen 2>/dev/null & sleep 0.5", WATCH)
    try:
        output = []
        for words in (["--check"], []):
            shown, counts = nightly(EXPORT, *words)
            # The others are done on the controller: the checks of the role's variables, and what includes the task.
            assert counts == {"ok": 4, "changed": 1, "failed": 0}, shown[-3000:]
            output.append(shown)
        broken = [*EXPORT[:7], EXPORT[7].replace("10.0.", "10.0.999."), *EXPORT[8:]]
        shown, counts = nightly(broken)
        assert counts == {"ok": 3, "changed": 0, "failed": 1}
        assert "export.csv:8.addresses[0]: '10.0.999.0.5' is not an address" in shown
        output.append(shown)
    finally:
        host.check_output("touch /run/watch.end")
    assert before
    assert sessions(host) == before
    assert "+customer7 * (secret) 10.0.0.7" in output[0]
    # The pool has this one, and only the server's part of the role takes it out.
    assert "hands addresses to everybody that belong to accounts: 192.168.10.7 of 'new' (default)" in output[1]
    assert not [shown for shown in output if HUSH in shown]
    assert host.file("/run/watch.seen").content_string == ""
    assert host.run(f"journalctl --no-pager | grep '{PATTERN}'").stdout == ""
    found = host.run(f"grep -rl '{PATTERN}' /etc /root /run /tmp /var 2>/dev/null").stdout.split()
    assert found == ["/etc/ppp/chap-secrets"]
    lines = host.file("/etc/ppp/chap-secrets").content_string.splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == [
        " ".join([name, "*", secret, address or "*"])
        for name, secret, address in (one.split(",") for one in EXPORT[1:])
    ]
