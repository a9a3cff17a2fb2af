"""Writes the Grafana dashboard of the role pppoe_monitoring; without --write, only compares.

It is built by Grafana's own library, which also reads it back: tests/unit/test_dashboard.py.
"""

from __future__ import annotations

import sys
from pathlib import Path

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model

FILE = Path(__file__).resolve().parent.parent / "roles/pppoe_monitoring/files/pppoe_dashboard.json"
#: Of the servers that are chosen.
CHOSEN = 'instance=~"$instance",server=~"$server"'
#: Title, unit, and queries with their legends. Numbers come first, the others are graphs.
NUMBERS = (
    ("Servers running", "short", "sum(pppoe_server_up{@})"),
    ("Servers not running", "short", "count(pppoe_server_up{@} == 0) or vector(0)"),
    ("Sessions", "short", "sum(pppoe_server_sessions{@})"),
    ("Dials under way", "short", "sum(pppoe_server_dials_under_way{@})"),
    ("Drained servers", "short", "sum(pppoe_server_drained{@})"),
    ("Fullest pool", "percentunit", "max(pppoe_server_pool_used_addresses{@} / pppoe_server_pool_addresses{@})"),
)
_BUCKETS = "sum by (le) (rate(pppoe_server_dial_duration_seconds_bucket{@}[$__rate_interval]))"
_DURATION = tuple((f"histogram_quantile({part}, {_BUCKETS})", f"{part:.0%}") for part in (0.5, 0.9, 0.99))
_SERVER = "{{instance}} {{server}}"
GRAPHS = (
    (
        "Sessions and dials",
        (
            ("Sessions by server", "short", (("pppoe_server_sessions{@}", _SERVER),)),
            ("Dials under way by server", "short", (("pppoe_server_dials_under_way{@}", _SERVER),)),
            (
                "Sessions that start and end",
                "ops",
                (
                    ("sum(rate(pppoe_server_session_starts_total{@}[$__rate_interval]))", "start"),
                    ("sum by (cause) (rate(pppoe_server_session_ends_total{@}[$__rate_interval]))", "{{cause}}"),
                ),
            ),
            ("Duration of dials", "s", _DURATION),
            (
                "Refused dials",
                "ops",
                (("sum by (reason) (rate(pppoe_server_refused_dials_total{@}[$__rate_interval]))", "{{reason}}"),),
            ),
            (
                "Addresses in use",
                "percentunit",
                (("pppoe_server_pool_used_addresses{@} / pppoe_server_pool_addresses{@}", _SERVER),),
            ),
            (
                "Sessions of the limit",
                "percentunit",
                (("pppoe_server_sessions{@} / pppoe_server_sessions_limit{@}", _SERVER),),
            ),
            ("IPv6 prefixes", "short", (("sum by (kind) (pppoe_server_ipv6_prefixes{@})", "{{kind}}"),)),
            (
                "Members of a cluster",
                "short",
                (
                    ("pppoe_server_cluster_members{@}", _SERVER),
                    ("pppoe_server_cluster_up_to_date{@}", f"{_SERVER}, has all sessions"),
                    ("pppoe_server_cluster_master{@}", f"{_SERVER}, is the master"),
                ),
            ),
            ("Time since the daemon started", "s", (("time() - (pppoe_server_start_time_seconds{@} > 0)", _SERVER),)),
        ),
    ),
    (
        "Traffic and plans",
        (
            (
                "Traffic",
                "bps",
                (
                    ("sum(rate(pppoe_server_transmit_bytes_total{@}[$__rate_interval])) * 8", "to clients"),
                    ("sum(rate(pppoe_server_receive_bytes_total{@}[$__rate_interval])) * 8", "from clients"),
                ),
            ),
            ("Sessions by plan", "short", (("sum by (plan) (pppoe_server_plan_sessions{@})", "{{plan}}"),)),
            (
                "Traffic by plan",
                "bps",
                (
                    (
                        "sum by (plan) (rate(pppoe_server_plan_transmit_bytes_total{@}[$__rate_interval])) * 8",
                        "{{plan}}, to clients",
                    ),
                    (
                        "sum by (plan) (rate(pppoe_server_plan_receive_bytes_total{@}[$__rate_interval])) * 8",
                        "{{plan}}, from clients",
                    ),
                ),
            ),
            (
                "Packets dropped by queues",
                "pps",
                (
                    (
                        "sum by (plan) (rate(pppoe_server_plan_transmit_drops_total{@}[$__rate_interval]))",
                        "{{plan}}, to clients",
                    ),
                    (
                        "sum by (plan) (rate(pppoe_server_plan_receive_drops_total{@}[$__rate_interval]))",
                        "{{plan}}, from clients",
                    ),
                ),
            ),
        ),
    ),
    (
        "RADIUS",
        (
            ("Answers to Status-Server", "short", (("pppoe_server_radius_up{@}", "{{instance}} {{radius}}"),)),
            ("Time to the answer", "s", (("pppoe_server_radius_response_seconds{@}", "{{instance}} {{radius}}"),)),
            (
                "Requests without an answer",
                "ops",
                (
                    (
                        "sum by (radius) (rate(pppoe_server_radius_failed_requests_total{@}[$__rate_interval]))",
                        "{{radius}}",
                    ),
                ),
            ),
        ),
    ),
)
_SOURCE = model.DataSourceRef(type_val="prometheus", uid="${datasource}")


def query(text: str, legend: str = "", name: str = "A") -> prometheus.Dataquery:
    return prometheus.Dataquery().ref_id(name).expr(text.replace("@", CHOSEN)).legend_format(legend)


def variable(name: str, text: str) -> dashboard.QueryVariable:
    """A choice of any number of values."""
    made = dashboard.QueryVariable(name).query(text).datasource(_SOURCE)
    return made.refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED).multi(True).include_all(True).all_value(".*")


def build() -> model.Dashboard:
    made = dashboard.Dashboard("PPPoE servers").uid("dialtone-pppoe").tags(["pppoe"]).refresh("30s")
    made = made.time("now-6h", "now").tooltip(model.DashboardCursorSync.CROSSHAIR).readonly()
    made = made.with_variable(dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    made = made.with_variable(variable("instance", "label_values(pppoe_server_up, instance)"))
    made = made.with_variable(variable("server", 'label_values(pppoe_server_up{instance=~"$instance"}, server)'))
    for title, unit, text in NUMBERS:
        panel = stat.Panel().title(title).unit(unit).datasource(_SOURCE).with_target(query(text)).span(4).height(4)
        made = made.with_panel(panel)
    for heading, graphs in GRAPHS:
        made = made.with_row(dashboard.Row(heading))
        for title, unit, queries in graphs:
            graph = timeseries.Panel().title(title).unit(unit).datasource(_SOURCE).span(12).height(8).min(0)
            graph = graph.fill_opacity(10).legend(common.VizLegendOptions().show_legend(True))
            for name, (text, legend) in zip("ABCDEF", queries):
                graph = graph.with_target(query(text, legend, name))
            made = made.with_panel(graph)
    return made.build()


def text() -> str:
    return JSONEncoder(sort_keys=True, indent=1).encode(build()) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        FILE.write_text(text())
    elif FILE.read_text() != text():
        sys.exit(f"{FILE} is not what tools/dashboard.py writes: run it with --write.")
