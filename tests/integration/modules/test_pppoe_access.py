"""pppoe_access on a host made of namespaces. Its tc is made up, since the kernels of many machines delay no packets."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.tests.support import router as lab
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS

#: It keeps the delays of bands and the actions of filters in files, and prints them as tc does.
TC = r"""#!/bin/sh
mkdir -p /run/tc
case $* in
    "qdisc replace dev "*" netem "*) echo "${11%ms}" >"/run/tc/$4-$6" ;;
    "-j qdisc show dev "*)
        for band in 1:1 1:2; do
            printf '{"kind": "netem", "parent": "%s", "options": {"delay": {"delay": ' $band
            awk '{ printf "%f}}},", $1 / 1000 }' "/run/tc/$5-$band"
        done | sed 's/^/[/; s/,$/]/'
        ;;
    "filter add dev "*" mirred "*) echo mirred >"/run/tc/$4.$9" ;;
    "filter add dev "*" drop") echo gact >"/run/tc/$4.$9" ;;
    "filter del dev "*) rm -f "/run/tc/$4.$7" ;;
    "filter show dev "*" egress")
        for file in "/run/tc/$4".*; do
            [ ! -e "$file" ] || printf 'filter protocol ppp_disc pref %s u32\n\taction order 1: %s\n' \
                "${file##*.}" "$(cat "$file")"
        done
        ;;
esac
"""
STEPS = [{"sessions": 0, "delay": 20}, {"sessions": 200, "delay": 100}, {"sessions": 400, "delay": 500}]
WORD = "0:20,200:100,400:500"
ALIAS = "dialtone.pppoe access eth0"

pytestmark = pytest.mark.skipif(bool(lab.why_not()), reason=f"no host can be made here: {lab.why_not()}")


class Host(lab.Router):
    """``set``: have the module do it on eth0. A file stands for the queue of the session manager."""

    def __init__(self):
        super().__init__(COLLECTIONS, "pppoe_access")
        self.replace("tc", TC)
        self.replace("unshare", "#!/bin/sh\n")
        self.host.sh("mkdir /run/pppoe-server; : >/run/pppoe-server/manager")
        self.device = "pppoe-hold" + self.host.sh("cat /sys/class/net/eth0/ifindex").strip()

    def set(self, check=False, **parameters):
        return self.module(check, interfaces=["eth0"], dial_hold="0", discovery_rate="0", **parameters)

    @property
    def alias(self):
        return self.host.sh(f"cat /sys/class/net/{self.device}/ifalias").rstrip("\n")

    @property
    def delay(self):
        return int(self.host.sh(f"cat /run/tc/{self.device}-1:2"))

    @delay.setter
    def delay(self, milliseconds):
        self.host.write(f"/run/tc/{self.device}-1:2", f"{milliseconds}\n")

    def received(self):
        """What the session manager has received."""
        return self.host.sh("cat /run/pppoe-server/manager; : >/run/pppoe-server/manager")


@pytest.fixture
def host():
    made = Host()
    yield made
    made.close()


def test_steps_by_the_number_of_sessions(host):
    before = host.etc()
    predicted = host.set(check=True, pado_delay=STEPS)
    assert (predicted["changed"], predicted["pado_delay"], host.etc()) == (True, STEPS, before)
    assert host.set(pado_delay=STEPS)["diff"] == predicted["diff"]
    assert (host.alias, host.delay, host.received()) == (f"{ALIAS} {WORD}", 20, "pado_delay\n")
    assert f" apply 0 {WORD} 0 0 eth0 &" in host.host.sh("cat /etc/rc.local")

    # The session manager has set another one.
    for milliseconds in (20, 100, 500):
        host.delay = milliseconds
        assert host.set(check=True, pado_delay=STEPS)["changed"] is False
    assert host.set(pado_delay=STEPS)["changed"] is False
    assert (host.delay, host.received()) == (500, "")
    # Somebody else has.
    host.delay = 70
    assert host.set(check=True, pado_delay=STEPS)["changed"] is True
    assert host.set(pado_delay=STEPS)["changed"] is True
    assert (host.delay, host.received()) == (20, "pado_delay\n")

    # What is not named stays, as when a server is drained.
    found = host.set(drained=True)
    assert (found["drained"], found["pado_delay"], host.alias) == (True, STEPS, f"{ALIAS} {WORD}")

    # Other steps, and a number in their place, which the session manager leaves alone.
    assert host.set(pado_delay=STEPS[1:], drained=False)["pado_delay"] == STEPS[1:]
    assert (host.alias, host.delay) == (f"{ALIAS} 200:100,400:500", 0)
    host.received()
    assert host.set(pado_delay=300)["pado_delay"] == 300
    assert (host.alias, host.delay, host.received()) == (ALIAS, 300, "")
    assert host.set(pado_delay="300")["changed"] is False

    host.module(state="absent")
    assert host.device not in host.host.sh("ls /sys/class/net").split()
    assert host.etc() == before


def test_steps_that_are_refused(host):
    before = host.etc()
    said = host.set(pado_delay=STEPS[::-1])
    assert (said["failed"], host.etc()) == (True, before)
    assert said["msg"].startswith("pado_delay[1].sessions: 200 is not more than the 400 of the step before. Sort ")
    assert host.device not in host.host.sh("ls /sys/class/net").split()
