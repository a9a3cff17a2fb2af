#!/bin/sh
# certificates.sh FOLDER NAME…: an authority, and a certificate and key of each host, in a folder of the host's name.
set -eu
mkdir -p "$1"
cd "$1"
shift
new="openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
$new -x509 -days 2 -subj /CN=authority -keyout ca.key -out ca.pem 2>/dev/null
for name; do
    mkdir -p "$name"
    $new -x509 -days 2 -subj "/CN=$name" -CA ca.pem -CAkey ca.key -keyout "$name/host.key" -out "$name/host.pem" 2>/dev/null
    cp ca.pem "$name"
done
