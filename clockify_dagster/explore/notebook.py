"""Hours, money and people, with filters: a marimo notebook over the marts. `clockify-dagster explore` opens it.

`clockify-dagster explore --edit PATH` makes a copy of it to change.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Clockify")

with app.setup:
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    import altair as alt
    import marimo as mo

    from clockify_dagster.explore import Source
    from clockify_dagster.settings import Settings


@app.function
def table(frame):
    """The rows in pages, to sort, search and download."""
    return mo.ui.table(frame, selection=None, show_column_summaries=False, show_data_types=False)


@app.cell
def _():
    settings = Settings.load()
    source = Source.of(settings)
    today = datetime.now(ZoneInfo(settings.timezone)).date()
    return source, today


@app.cell
def _(source, today):
    places = source.ask(
        "SELECT workspace_name || CASE WHEN count(*) OVER (PARTITION BY workspace_name) > 1 "
        "THEN ' ' || workspace_id ELSE '' END AS name, workspace_id AS id FROM dim_workspace ORDER BY name"
    )
    limits = source.ask(
        "SELECT min(local_date)::VARCHAR AS first, max(local_date)::VARCHAR AS last FROM fct_time_entry"
    )
    first, last = (limits[name][0] or today.isoformat() for name in ("first", "last"))
    since = max(first, (today - timedelta(days=91)).isoformat())
    workspaces = mo.ui.multiselect(dict(zip(places["name"], places["id"], strict=True)), label="Workspaces")
    period = mo.ui.date_range(first, max(last, today.isoformat()), (min(since, last), max(since, last)), label="Period")
    return period, workspaces


@app.cell
def _(source, workspaces):
    names = source.ask(
        "SELECT DISTINCT client_name FROM fct_time_entry "
        "WHERE len($workspaces::VARCHAR[]) = 0 OR workspace_id IN (SELECT unnest($workspaces::VARCHAR[])) ORDER BY ALL",
        workspaces=workspaces.value,
    )["client_name"]
    clients = mo.ui.multiselect(list(names), label="Clients")
    return (clients,)


@app.cell
def _(clients, period, workspaces):
    mo.vstack(
        [
            mo.md("# Hours, money and people"),
            mo.hstack([period, workspaces, clients], justify="start", wrap=True),
            mo.md("Of workspaces and clients, none chosen means all. A day is one of the account's time zone."),
        ]
    )
    return


@app.cell
def _(clients, period, workspaces):
    chosen = {
        "since": period.value[0],
        "until": period.value[1],
        "workspaces": workspaces.value,
        "clients": clients.value,
    }
    of_workspace = "(len($workspaces::VARCHAR[]) = 0 OR workspace_id IN (SELECT unnest($workspaces::VARCHAR[])))"
    of_client = "(len($clients::VARCHAR[]) = 0 OR client_name IN (SELECT unnest($clients::VARCHAR[])))"
    of_day = "local_date BETWEEN $since AND $until"
    return chosen, of_client, of_day, of_workspace


@app.cell
def _(chosen, of_client, of_day, of_workspace, source):
    totals = source.ask(
        f"""
        SELECT currency, sum(work_hours) AS hours, sum(billable_hours) AS billable_hours, sum(amount) AS amount,
            coalesce(sum(amount) FILTER (WHERE NOT is_invoiced), 0) AS unbilled
        FROM fct_time_entry WHERE {of_day} AND {of_workspace} AND {of_client}
        GROUP BY currency ORDER BY amount DESC
        """,
        **chosen,
    )
    mo.stop(totals.empty, mo.callout(mo.md("There are no time entries in this choice.")))
    _hours, _billable = totals["hours"].sum(), totals["billable_hours"].sum()
    _stats = [
        mo.stat(f"{_hours:,.1f}", "Hours of work", bordered=True),
        mo.stat(f"{100 * _billable / _hours:.0f} %" if _hours else "none", "Billable share", bordered=True),
    ]
    for _row in totals[totals["amount"] > 0].itertuples():
        _stats.append(mo.stat(f"{_row.amount:,.0f} {_row.currency}", "Amount", bordered=True))
        _stats.append(mo.stat(f"{_row.unbilled:,.0f} {_row.currency}", "Not invoiced", bordered=True))
    mo.hstack(_stats, justify="start", wrap=True)
    return (totals,)


@app.cell
def _(chosen, of_client, of_day, of_workspace, source):
    weeks = source.ask(
        f"""
        SELECT week, client_name AS client, round(sum(work_hours), 2) AS hours
        FROM fct_time_entry WHERE {of_day} AND {of_workspace} AND {of_client} AND is_work
        GROUP BY ALL ORDER BY ALL
        """,
        **chosen,
    )
    mo.stop(weeks.empty)
    _chart = (
        alt.Chart(weeks, width="container", height=280)
        .mark_bar()
        .encode(
            x=alt.X("yearmonthdate(week):O", title="week from", axis=alt.Axis(format="%d %b")),
            y=alt.Y("hours:Q", title="hours of work"),
            color=alt.Color("client:N", title=None),
            tooltip=["client", "week", "hours"],
        )
    )
    mo.vstack([mo.md("## Hours by week and client"), _chart])
    return (weeks,)


@app.cell
def _(chosen, of_client, of_workspace, source):
    billing = source.ask(
        f"""
        SELECT strftime(b.month, '%Y-%m') AS month, client_name AS client, round(sum(hours), 2) AS hours,
            round(sum(billable_hours), 2) AS billable_hours, round(sum(amount), 2) AS amount,
            round(sum(unbilled_amount), 2) AS not_invoiced, currency
        FROM billing_by_client_month b
        WHERE b.month BETWEEN date_trunc('month', $since::DATE) AND $until AND {of_workspace} AND {of_client}
        GROUP BY ALL ORDER BY 1 DESC, amount DESC
        """,
        **chosen,
    )
    mo.stop(billing.empty)
    mo.vstack([mo.md("## To bill\n\nWhole months, by client and currency."), table(billing)])
    return (billing,)


@app.cell
def _(chosen, of_workspace, source):
    people = source.ask(
        f"""
        SELECT any_value(u.user_name) AS person, round(sum(u.hours), 2) AS hours,
            round(sum(u.billable_hours), 2) AS billable_hours, round(sum(u.available_hours), 2) AS available_hours,
            round(100 * sum(u.billable_hours) / nullif(sum(u.available_hours), 0), 1) AS utilisation_percent,
            round(sum(o.overtime_hours), 2) AS overtime_hours
        FROM utilisation_by_user_week u
        LEFT JOIN overtime_by_user_week o USING (workspace_id, user_id, week)
        WHERE week BETWEEN $since AND $until AND {of_workspace}
        GROUP BY user_id ORDER BY hours DESC
        """,
        **chosen,
    )
    mo.stop(people.empty)
    _bars = (
        alt.Chart(people, width="container")
        .mark_bar()
        .encode(
            x=alt.X("utilisation_percent:Q", title="billable hours of available ones, in percent"),
            y=alt.Y("person:N", title=None, sort="-x"),
            tooltip=["person", "billable_hours", "available_hours", "utilisation_percent"],
        )
    )
    mo.vstack(
        [
            mo.md("## People\n\nWeeks that begin in the period, of all clients."),
            _bars,
            table(people),
        ]
    )
    return (people,)


@app.cell
def _(chosen, of_client, of_workspace, source):
    budgets = source.ask(
        f"""
        SELECT client_name AS client, project_name AS project, round(used, 2) AS used, round(budget, 2) AS budget, unit,
            round(100 * used_share, 1) AS used_percent, period_end::VARCHAR AS until, used_up_on::VARCHAR AS used_up_on
        FROM project_budget_burn WHERE is_current AND {of_workspace} AND {of_client}
        ORDER BY used_share DESC NULLS LAST
        """,
        **chosen,
    )
    mo.stop(budgets.empty)
    mo.vstack([mo.md("## Budgets\n\nAs they are today, whatever the period."), table(budgets)])
    return (budgets,)


@app.cell
def _(chosen, of_client, of_day, of_workspace, source):
    faults = source.ask(
        f"""
        SELECT problem, local_date::VARCHAR AS day, user_name AS person, client_name AS client, project_name AS project,
            round(hours, 2) AS hours, description
        FROM data_quality WHERE {of_day} AND {of_workspace} AND {of_client}
        ORDER BY local_date DESC, problem
        """,
        **chosen,
    )
    mo.stop(faults.empty)
    mo.vstack([mo.md("## Entries to look at before they are billed"), table(faults)])
    return (faults,)


if __name__ == "__main__":
    app.run()
