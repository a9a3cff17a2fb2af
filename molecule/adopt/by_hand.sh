#!/bin/sh
# A PPPoE server as people set it up from a tutorial: the guide's own commands, one after the other, and nothing else.
set -eu

apt-get -qq update
apt-get -qq install --yes pppoe iptables >/dev/null
# This kernel has no nf_tables, so that iptables has to be the older one.
update-alternatives --set iptables /usr/sbin/iptables-legacy

cat >/etc/ppp/pppoe-server-options <<'END'
require-chap
login
lcp-echo-interval 10
lcp-echo-failure 2
ms-dns 202.106.0.20
ms-dns 8.8.8.8
END

cat >>/etc/ppp/chap-secrets <<'END'
# our customers
cmz	*	cmz	*
cmz2	*	cmz2	192.168.10.3
cmz3	*	cmz3	*	# pays late
END
# `login` has each customer need an account of the system. The third one was forgotten.
useradd cmz
useradd cmz2

echo 'net.ipv4.ip_forward = 1' >>/etc/sysctl.conf
sysctl -q -p

iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE

pppoe-server -I eth1 -L 192.168.10.109 -R 192.168.10.2 -N 20

cat >/etc/rc.local <<'END'
#!/bin/sh -e
# started at boot
pppoe-server -I eth1 -L 192.168.10.109 -R 192.168.10.2 -N 20
exit 0
END
chmod +x /etc/rc.local
