# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What FreeRADIUS does with a login and with accounting at a centre. Private to this collection. Pure."""

from __future__ import annotations

from ansible_collections.dialtone.pppoe.plugins.module_utils._radius_centre import _settings

#: The cause of a session that counts as over since nothing was heard of it.
STALE = "Stale"


def site(centre: _settings.Centre) -> str:
    """The virtual server."""
    parts = (_listen(centre), _authentication(centre), _ACCOUNTING, _after(centre))
    return f"server pppoe {{\n{''.join(parts)}}}\n"


def _listen(centre: _settings.Centre) -> str:
    return f"""\
    listen {{
        type = auth
        ipaddr = *
        port = 1812
    }}
    listen {{
        type = acct
        ipaddr = *
        port = 1813
    }}
{_radsec_listen(centre)}\
"""


def _authentication(centre: _settings.Centre) -> str:
    return f"""\
    authorize {{
        filter_username
        preprocess
        chap
        mschap
        # Without the database there is no answer: a reject would say that the password is wrong.
        sql {{
            fail = 1
        }}
        if (fail) {{
            do_not_respond
        }}
{_simultaneous_use(centre)}\
{_reject("expiration", "The account has expired")}\
{_reject("logintime", "The account may not connect at this time")}\
        pap
    }}
    authenticate {{
        Auth-Type PAP {{
            pap
        }}
        Auth-Type CHAP {{
            chap
        }}
        Auth-Type MS-CHAP {{
            mschap
        }}
    }}
"""


def _reject(module: str, reason: str) -> str:
    """A module that says no more than that an account may not log in."""
    return f"""\
        {module} {{
            userlock = 1
        }}
        if (userlock) {{
            update reply {{
                &Reply-Message := "{reason}"
            }}
            reject
        }}
"""


def _after(centre: _settings.Centre) -> str:
    return f"""\
    post-auth {{
{_limit(centre)}\
{_replace(centre)}\
        sqlippool {{
            fail = 1
        }}
        if (&control:Pool-Name && !&reply:Framed-IP-Address) {{
            if (notfound) {{
                update reply {{
                    &Reply-Message := "No address is free"
                }}
                reject
            }}
            # The database has failed.
            update control {{
                &Response-Packet-Type := Do-Not-Respond
            }}
        }}
        update reply {{
            &Acct-Interim-Interval = {centre.interim_interval}
        }}
        Post-Auth-Type REJECT {{
            attr_filter.access_reject
        }}
    }}
"""


# In these, unlike in the queries of the package, SQL-User-Name is not set yet.
_REOPEN = (
    "UPDATE radacct SET acctstoptime = NULL, acctterminatecause = NULL "
    f"WHERE acctuniqueid = '%{{Acct-Unique-Session-Id}}' AND acctterminatecause = '{STALE}'"
)
# A record of a session that is over changes nothing.
_NOT_STORED = (
    "SELECT 1 - count(*) FROM radacct WHERE acctuniqueid = '%{Acct-Unique-Session-Id}' AND acctstoptime IS NOT NULL"
)
_LEFT_OPEN = (
    "SELECT count(*) FROM radacct WHERE acctstoptime IS NULL AND nasipaddress = '%{NAS-IP-Address}' "
    "AND acctstarttime <= to_timestamp(%{%{integer:Event-Timestamp}:-%l})"
)
_REDIALLED = (
    f"UPDATE radacct SET acctstoptime = acctupdatetime, acctterminatecause = '{STALE}' WHERE acctstoptime IS NULL "
    "AND username = '%{User-Name}' AND callingstationid = '%{Calling-Station-Id}'"
)
_OPEN = (
    "SELECT count(*) FROM radacct WHERE acctstoptime IS NULL AND username = '%{{User-Name}}' "
    "AND acctupdatetime > now() - interval '{fresh} seconds'"
)
_FORMER = (
    "SELECT host(nasipaddress) || ' ' || coalesce(host(framedipaddress), '') || ' ' || acctsessionid FROM radacct "
    "WHERE acctstoptime IS NULL AND username = '%{User-Name}' ORDER BY radacctid DESC LIMIT 1"
)


def _limit(centre: _settings.Centre) -> str:
    """An account or group may have its own number of sessions.

    Only those count of which something was heard lately, and none of the same device, whose former session is over if
    it dials again: nobody is locked out by the record of a crash.
    """
    count = _OPEN.format(fresh=3 * centre.interim_interval)
    return f"""\
        if (&control:Simultaneous-Use) {{
            if (&Calling-Station-Id) {{
                update control {{
                    &Tmp-Integer-0 := "%{{sql:{_REDIALLED}}}"
                }}
            }}
            update control {{
                &Tmp-Integer-1 := "%{{sql:{count}}}"
            }}
            if (&control:Tmp-Integer-1 >= &control:Simultaneous-Use) {{
                update reply {{
                    &Reply-Message := "There is a session of this account already"
                }}
                reject
            }}
        }}
"""


def _simultaneous_use(centre: _settings.Centre) -> str:
    if centre.single_session != "deny":
        return ""
    return """\
        if (!&control:Simultaneous-Use) {
            update control {
                &Simultaneous-Use := 1
            }
        }
"""


def _replace(centre: _settings.Centre) -> str:
    """The former session of the account is ended where it is, once the new one has given the right password."""
    if centre.single_session != "replace":
        return ""
    return f"""\
        if (!&control:Simultaneous-Use) {{
            if ("%{{sql:{_FORMER}}}" =~ /^([0-9.]+) ([0-9.]*) ([^ ]+)$/) {{
                update disconnect {{
                    &Packet-Dst-IP-Address := "%{{1}}"
                    &Packet-Dst-Port := 3799
                    &User-Name := "%{{User-Name}}"
                    &Acct-Session-Id := "%{{3}}"
                }}
                if ("%{{2}}" != "") {{
                    update disconnect {{
                        &Framed-IP-Address := "%{{2}}"
                    }}
                }}
            }}
        }}
"""


def _radsec_listen(centre: _settings.Centre) -> str:
    tls = centre.radsec
    if tls is None:
        return ""
    return f"""\
    listen {{
        type = auth+acct
        ipaddr = *
        port = 2083
        proto = tcp
        clients = radsec
        limit {{
            max_connections = 256
            lifetime = 0
            idle_timeout = 600
        }}
        tls {{
            certificate_file = {tls.certificate}
            private_key_file = {tls.key}
            ca_file = {tls.ca}
            require_client_cert = yes
            tls_min_version = "1.2"
            tls_max_version = "1.3"
        }}
    }}
"""


_ACCOUNTING = f"""\
    preacct {{
        preprocess
        # Nothing has happened later than now: the clock of the concentrator is ahead.
        if (&Event-Timestamp && (&Event-Timestamp > "%l")) {{
            update request {{
                &Event-Timestamp := "%l"
            }}
        }}
        acct_unique
    }}
    accounting {{
        # A session that counted as over, since nothing was heard of it for long, is not.
        if (&Acct-Status-Type == Interim-Update) {{
            update control {{
                &Tmp-Integer-0 := "%{{sql:{_REOPEN}}}"
            }}
        }}
        sql
        # No row has changed. Was there none to change, or did the database not store it (disk full)? A record that is
        # not answered comes again.
        if (noop) {{
            if (&Acct-Status-Type == Accounting-On || &Acct-Status-Type == Accounting-Off) {{
                update control {{
                    &Tmp-Integer-1 := "%{{sql:{_LEFT_OPEN}}}"
                }}
            }}
            else {{
                update control {{
                    &Tmp-Integer-1 := "%{{sql:{_NOT_STORED}}}"
                }}
            }}
            if (!&control:Tmp-Integer-1 || (&control:Tmp-Integer-1 > 0)) {{
                fail
            }}
        }}
        sqlippool {{
            notfound = 1
        }}
        attr_filter.accounting_response
        ok
    }}
"""
