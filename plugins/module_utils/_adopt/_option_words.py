# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where one option of pppd ends and the next begins: pppd sees no lines. Private to this collection. Pure.

Source: pppd(8) of 2.4.9 and 2.5.2, and the options of the plugins that come with them.
"""

from __future__ import annotations

import re
import typing as t

_ONE_ARGUMENT = """
    active-filter allow-ip allow-number asyncmap bsdcomp ca call capath cert chap-interval chap-max-challenge
    chap-restart chap-timeout child-timeout connect connect-delay crl crl-dir defaultroute-metric deflate disconnect
    dns-addr domain eap-interval eap-max-rreq eap-max-sreq eap-restart eap-timeout endpoint escape file holdoff idle
    ifname init ip-down-script ip-pre-up-script ip-up-script ipcp-max-configure ipcp-max-failure ipcp-max-terminate
    ipcp-restart ipparam ipv6 ipv6-down-script ipv6-up-script ipv6cp-max-configure ipv6cp-max-failure
    ipv6cp-max-terminate ipv6cp-restart kdebug key lcp-echo-failure lcp-echo-interval lcp-max-configure lcp-max-failure
    lcp-max-terminate lcp-restart linkname logfd logfile map-to-ifname max-tls-version maxconnect maxfail maxoctets
    minconnect mo mo-direction mo-timeout mp-queue mrru mru ms-dns ms-wins mtu name need-peer-eap net-init-script
    net-preup-script netmask ntlm_auth-helper pam-service pap-max-authreq pap-restart pap-timeout pass-filter
    passwordfd password pkcs12 plugin pppoe-ac pppoe-mac pppoe-padi-attempts pppoe-padi-timeout pppoe-service
    pppoe-sess pppoe-verbose precompiled-active-filter precompiled-pass-filter pty radius-avpair radius-config-file
    avpair realms-config-file record remotename remotenumber rp_pppoe_ac rp_pppoe_mac rp_pppoe_service rp_pppoe_sess
    rp_pppoe_verbose set socket speed srp-interval srp-pn-secret stop-bits tls-verify-method unit unset user
    vj-max-slots welcome wins-addr
"""
_ALONE = """
    +chap +ipv6 +mschap +mschap-v2 +pap +ua -ac -all -am -as -bsdcomp -ccp -chap -crtscts -d -defaultroute -deflate
    -detach -ip -ipv6 -mn -mru -mschap -mschap-v2 -p -pap -pc -predictor1 -proxyarp -vj -vjccomp accept-mschap
    allow-mppe-128
    auth cdtrcts chapms-strip-domain crtscts debug default-asyncmap default-mru defaultroute defaultroute6 demand detach
    dryrun dump eap-tls-verify hide-password ipcp-accept-local ipcp-accept-remote ipcp-no-address ipcp-no-addresses
    ipcp-use-cookie ipv6cp-accept-local ipv6cp-accept-remote ipv6cp-use-ipaddr ipv6cp-use-persistent ipv6cp-nosend
    ipv6cp-noremote ipx-protocol ktune lcp-echo-adaptive local lock login master_detach modem mp mpshortseq mppe
    mppe-128 mppe-40 mppe-stateful multilink need-mppe nicd noaccomp noauth nobsdcomp noccp nocdtrcts nocrtscts
    nodefaultroute nodefaultroute6 nodeflate nodetach noendpoint noip noipdefault noipv6 noipx noktune nolock nolog
    nomagic nomp nompshortseq nomppe nomppe-128 nomppe-40 nomppe-stateful nomultilink nopcomp nopersist nopredictor1
    noproxyarp noremoteip nosendip notty novj novjccomp pam papcrypt pap-crypt passive persist predictor1 privgroup
    proxyarp receive-all refuse-chap refuse-eap refuse-mschap refuse-mschap-v2 refuse-pap replacedefaultroute
    noreplacedefaultroute require-chap require-eap require-mppe require-mppe-128 require-mppe-40 require-mschap
    require-mschap-v2 require-pap require-pap-srp session show-password silent srp-use-pseudonym sync
    tls-verify-key-usage
    unit-number up_sdnotify updetach usehostname usepeerdns usepeerwins xonxoff
"""
_WITH_ARGUMENT, _WITHOUT = frozenset(_ONE_ARGUMENT.split()), frozenset(_ALONE.split())
_ADDRESSES = re.compile(r"[0-9.]*:[0-9.]*\Z")


def options(lines: t.Iterable[t.Sequence[str]]) -> t.Iterator[list[str]]:
    """Each option with its argument. One that is not known has what follows it on its line, up to the next known."""
    words = [(word, number) for number, line in enumerate(lines) for word in line]
    at = 0
    while at < len(words):
        word, line = words[at]
        end = at + 1
        if word in _WITH_ARGUMENT:
            end += 1
        elif not is_known(word):
            while end < len(words) and words[end][1] == line and not is_known(words[end][0]):
                end += 1
        yield [text for text, _line in words[at:end]]
        at = end


def is_known(word: str) -> bool:
    return word in _WITH_ARGUMENT or word in _WITHOUT or bool(_ADDRESSES.match(word))
