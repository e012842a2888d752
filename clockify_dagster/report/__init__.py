"""The report: one HTML file with charts over the marts, which opens without network or server.

Knows the marts and the warehouse, not Dagster. Each chart is an entry of charts.json, with its text and how it is
drawn, and the SQL file of the same name in charts/, with its numbers. page.js draws them.
"""

from clockify_dagster.report.data import marts_read
from clockify_dagster.report.page import Written, is_installed, report_path, write_report

__all__ = ["Written", "is_installed", "marts_read", "report_path", "write_report"]
