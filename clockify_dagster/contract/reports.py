"""What only Clockify's reports tell, day by day and for all users together."""

from __future__ import annotations

from clockify_dagster.contract.columns import flag, identity, inside, instant, number, of_workspace, refers, word
from clockify_dagster.contract.listing import Listing
from clockify_dagster.contract.model import Table

LARGEST_PAGE = 1000

ATTENDANCE = Table(
    name="clockify_attendance",
    pipeline="Attendance",
    page="reports/attendance",
    description="When somebody came and went, and how long they were to work: a row for each user and day with "
    "entries. All durations are seconds.",
    group="time_entries",
    listing=Listing(
        "workspaces/{workspace}/reports/attendance",
        method="POST",
        variants=({"sortColumn": "DATE", "hasTimeOff": True},),
        page_size=LARGEST_PAGE,
        envelope="entities",
        feature="ATTENDANCE_REPORT",
        plan="STANDARD",
        filter="attendanceFilter",
    ),
    columns=(
        of_workspace("{workspace}"),
        refers("userid", "userId", "clockify_users", "Whose day it is; they may have left since."),
        word("date", "date", "The day in the account's zone, as 2026-01-31."),
        word("starttime", "startTime", "When the first entry began, with the zone's offset."),
        word("endtime", "endTime", "When the last entry ended, with the zone's offset. Null while one runs."),
        number("totalduration", "totalDuration", "The seconds worked, without breaks and time off."),
        number("break", "break", "The seconds of breaks."),
        number("capacity", "capacity", "The seconds that were to be worked."),
        number("remainingcapacity", "remainingCapacity", "The seconds that were left to be worked."),
        number("overtime", "overtime", "The seconds worked beyond the capacity."),
        number("timeoff", "timeOff", "The seconds of time off."),
    ),
    primary_key=("workspaceid", "userid", "date"),
    partition_column="date",
)

BILLING = Table(
    name="clockify_timeentries__billing",
    pipeline="Time entries",
    page="reports/detailed",
    description="What the reports say of an entry beyond the entry itself: whether it is approved and invoiced, its "
    "rate and amount. A row for each finished entry of the days that are refreshed.",
    group="time_entries",
    listing=Listing(
        "workspaces/{workspace}/reports/detailed",
        method="POST",
        variants=({"sortColumn": "DATE", "options": {"totals": "EXCLUDE"}},),
        page_size=LARGEST_PAGE,
        envelope="timeentries",
        feature="INVOICING",
        plan="STANDARD",
        filter="detailedFilter",
    ),
    columns=(
        refers("timeentry_id", "_id", "clockify_timeentries", "The time entry."),
        identity("approvalrequestid", "approvalRequestId", "The timesheet on which it was handed in. Null: none."),
        *inside(
            "invoicingInfo",
            refers("invoiceid", "invoiceId", "clockify_invoices", "The invoice that bills it. Null: none."),
            flag("manuallyinvoiced", "manuallyInvoiced", "Whether somebody marked it as invoiced."),
        ),
        number("rate", "rate", "What an hour of it bills, in minor units (cents); null where Clockify does not say."),
        number("amount", "amount", "What it bills, in minor units (cents); null where Clockify does not say."),
        of_workspace("{workspace}"),
        instant("timeinterval_start", "timeInterval.start", "When the entry began: it is on this day."),
    ),
    primary_key=("timeentry_id",),
    partition_column="timeinterval_start",
    required=("timeinterval_start",),
    goes_with="clockify_timeentries",
)

TABLES = (ATTENDANCE, BILLING)
