#!/bin/sh
# More servers on the same host, started in the ways of other tutorials. Each has an interface of its own.
set -eu

cat >/etc/systemd/system/lans.service <<'END'
[Unit]
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'for lan in 2 3 4 5 6 7 8 9; do ip link add lan$$lan type dummy; ip link set lan$$lan up; done'
[Install]
WantedBy=multi-user.target
END
systemctl enable --now lans
ip addr add 10.4.0.1/24 dev lan4 label lan4:7

sed -i '/^exit 0/d' /etc/rc.local
cat >>/etc/rc.local <<'END'
for lan in 2; do
  pppoe-server -I lan$lan -L 10.$lan.0.1 -R 10.$lan.0.10 -N 5
done
su - root -c "pppoe-server -I lan3 -L 10.3.0.1 -R 10.3.0.10 -N 5"
(sleep 1 && nohup pppoe-server -I lan4:7 -L 10.4.0.1 -R 10.4.0.10 -N 5) &
LAN=lan5
cd /etc/ppp
pppoe-server -I $LAN -L 10.5.0.1 -p allip -N 5 >/dev/null 2>&1 &
pppoe-server -I $(cat /etc/lan) -L 10.6.0.1 -R 10.6.0.10 -N 5
exit 0
END
printf '10.5.0.10-14\n' >/etc/ppp/allip
echo lan6 >/etc/lan

echo 'OPTIONS="-I lan7 -L 10.7.0.1 -R 10.7.0.10 -N 5"' >/etc/default/pppoe
cat >/etc/systemd/system/pppoe.service <<'END'
[Service]
Restart=always
EnvironmentFile=-/etc/default/pppoe
ExecStart=/bin/sh -c 'pppoe-server -F $OPTIONS; sleep 1'
[Install]
WantedBy=multi-user.target
END
systemctl enable pppoe

mkdir -p /etc/network /etc/cron.d
cat >>/etc/network/interfaces <<'END'
iface lan8 inet manual
    up ip link set $IFACE up
    up pppoe-server -I $IFACE -L 10.8.0.1 -R 10.8.0.10 -N 5
END
echo '@reboot root pppoe-server -I lan9 -L 10.9.0.1 -R 10.9.0.10 -N 5' >/etc/cron.d/pppoe

# What a boot does with them. The last two are not started now.
/etc/rc.local </dev/null >/dev/null 2>&1
systemctl start pppoe
sleep 2
