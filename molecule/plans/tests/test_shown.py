"""What the playbooks for day-to-day operation say of plans and rates."""

from __future__ import annotations

import re

testinfra_hosts = ["ansible://server-trixie"]


def test_the_sessions_with_their_plans_and_rates(playbook):
    shown = playbook("sessions", "--limit=server-trixie").stdout
    assert re.search(r"\bcmz\b.* home +10000000 +10000000 ", shown), shown


def test_the_servers_with_their_plans(playbook):
    shown = playbook("status", "--limit=server-trixie", "--tags=servers").stdout
    assert re.search(r"\bserver-trixie\b.*\bhome\b", shown), shown
