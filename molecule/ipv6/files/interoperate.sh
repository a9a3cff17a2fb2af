#!/bin/sh
# Other programs that ask for a delegated prefix, on the link ppp0 for the inside interface home0: dhcpcd, which from
# version 10 stays over a redial, and wide-dhcpv6-client, which is started with each link. Neither advertises it, so the
# host there gets its address by hand.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

prefix_inside() {
    for _turn in $(seq 120); do
        address=$(ip -6 -o addr show dev home0 scope global | sed -n 's/.* inet6 \(2001:[^/]*\)\/.*/\1/p' | head -n 1)
        [ -z "$address" ] || return 0
        sleep 0.5
    done
    echo "$1 has got no prefix"
    exit 1
}

reach_beyond() {
    prefix_inside "$1"
    prefix=$(echo "$address" | cut -d : -f 1-4)
    ip -n home -6 addr flush dev eth0 scope global
    ip -n home -6 addr add "$prefix:9:9:9:9/64" dev eth0 nodad
    ip -n home -6 route replace default via "$address"
    for _turn in $(seq 60); do
        ! ip netns exec home ping -6 -c 1 -W 1 2001:db8:ffff::53 >/dev/null || break
    done
    ip netns exec home ping -6 -c 1 -W 1 2001:db8:ffff::53 >/dev/null
    echo "$1 $2: $prefix"
}

dial_again() {
    systemctl restart pppoe-client@uplink
}

cat >"$folder/dhcpcd.conf" <<END
duid
allowinterfaces ppp0 home0
noipv4
noipv4ll
nohook resolv.conf hostname
interface home0
  noipv6
interface ppp0
  ipv6rs
  iaid 1
  ia_pd 1 home0/0/64
END
begin_dhcpcd() {
    dhcpcd --config "$folder/dhcpcd.conf" --quiet --nobackground >/dev/null 2>&1 &
    started=$!
}

end() {
    kill "$started"
    wait "$started" || :
    ip -6 addr flush dev home0 scope global
}

begin_dhcpcd
reach_beyond dhcpcd first
dial_again
case $(dhcpcd --version) in
    # That of Debian 12 waits for ever for the link-local address of a link that has come again.
    'dhcpcd 9.'*)
        end
        begin_dhcpcd ;;
esac
reach_beyond dhcpcd again
end

# The one of Debian 12 got no prefix in these guests.
grep -q '^VERSION_ID="12"' /etc/os-release && exit 0

cat >"$folder/dhcp6c.conf" <<END
interface ppp0 { send ia-pd 0; };
id-assoc pd 0 { prefix-interface home0 { sla-id 0; sla-len 8; }; };
END
for turn in first again; do
    dhcp6c -f -c "$folder/dhcp6c.conf" -p "$folder/pid" ppp0 >/dev/null 2>&1 &
    started=$!
    reach_beyond wide-dhcpv6-client "$turn"
    end
    dial_again
done
