"""Ways to damage a clean database by SQL, each with the one check that must see it, and its numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ENTRIES = "clockify_timeentries"
THREE = "(SELECT id FROM {table} WHERE timeinterval_end IS NOT NULL ORDER BY timeinterval_start, id LIMIT 3)"


@dataclass(frozen=True)
class Damage:
    """SQL that damages a table, and what the one check that sees it says then."""

    table: str
    check: str
    sql: str
    numbers: dict[str, Any] = field(default_factory=dict)
    severity: str = "ERROR"
    also: frozenset[str] = frozenset()  # other checks of the table that it turns red

    def __str__(self) -> str:
        return f"{self.table}.{self.check}: {self.sql[:40]}"


DAMAGES = [
    Damage(
        "clockify_clients",
        "key_is_unique",
        "INSERT INTO {table} SELECT * FROM {table} LIMIT 1",
        {"duplicates": 1, "nulls": 0, "rows": 3},
    ),
    Damage(
        "clockify_usergroups__users",
        "key_is_unique",
        "INSERT INTO {table} SELECT * FROM {table} ORDER BY ALL LIMIT 2",
        {"duplicates": 2},
    ),
    Damage("clockify_usergroups__users", "key_is_unique", "UPDATE {table} SET user_id = NULL", {"nulls": 7}),
    Damage("clockify_timeentries_integral__tags", "key_is_unique", "UPDATE {table} SET tag_id = NULL", {"nulls": 156}),
    Damage(
        "clockify_timeentries__tags",
        "timeentry_id_is_in_clockify_timeentries",
        "INSERT INTO {table} BY NAME SELECT 'nowhere' AS timeentry_id, * EXCLUDE (timeentry_id) FROM {table} LIMIT 1",
        {"orphans": 1, "rows": 157, "missing ids": ["nowhere"]},
    ),
    Damage(
        "clockify_tags",
        "workspaceid_is_in_clockify_workspaces",
        "UPDATE {table} SET workspaceid = 'other' WHERE name = 'tag 1'",
        {"orphans": 1, "share": round(1 / 6, 6)},
    ),
    Damage(
        ENTRIES,
        "projectid_is_in_clockify_projects",
        f"UPDATE {{table}} SET projectid = 'deleted' WHERE id IN {THREE}",
        {"orphans": 3, "missing ids": ["deleted"]},
        "WARN",
    ),
    Damage(
        "clockify_tags",
        "columns_are_declared_ones",
        "ALTER TABLE {table} DROP COLUMN archived",
        {"missing": ["archived"]},
    ),
    Damage(
        "clockify_tags",
        "columns_are_declared_ones",
        "ALTER TABLE {table} DROP COLUMN _changed_at",
        {"missing": ["_changed_at"]},
        "WARN",
    ),
    Damage(
        "clockify_clients",
        "columns_are_declared_ones",
        "ALTER TABLE {table} ALTER archived TYPE VARCHAR",
        {"types": ["archived: VARCHAR, not BOOLEAN"], "missing": []},
    ),
    Damage("clockify_usergroups__users", "columns_are_declared_ones", "DROP TABLE {table}"),
    Damage(
        "clockify_usergroups__users",
        "rows_did_not_drop",
        "DELETE FROM {table}",
        {"rows": 0, "rows after the last load": 7},
    ),
    Damage(
        "clockify_timeentries__tags",
        "rows_did_not_drop",
        "DELETE FROM {table} WHERE timeentry_id IN (SELECT timeentry_id FROM {table} ORDER BY ALL LIMIT 40)",
        {"rows": 116, "rows after the last load": 156},
    ),
    Damage(
        "clockify_tasks__assignees",
        "rows_did_not_drop",
        "DELETE FROM {table} WHERE task_id IN (SELECT task_id FROM {table} GROUP BY ALL ORDER BY ALL LIMIT 2); "
        "UPDATE clockify_state.loads SET rows_in_all = rows_in_all + 1 WHERE table_name = '{table}'",
        {"rows": 2, "rows after the last load": 7},
        "WARN",
    ),
    Damage(
        "clockify_users",
        "is_fresh",
        "UPDATE clockify_state.loads SET loaded_at = now() - INTERVAL 2 DAY WHERE table_name = '{table}'",
        {"hours": 48.0},
        "WARN",
    ),
    Damage(
        "clockify_timeentries_integral",
        "is_fresh",
        "UPDATE clockify_state.loads SET loaded_at = now() - INTERVAL 9 DAY WHERE table_name = '{table}'",
        {"hours": 216.0},
        "WARN",
    ),
    Damage(
        ENTRIES,
        "ends_after_start",
        "UPDATE {table} SET timeinterval_end = timeinterval_start - INTERVAL 1 HOUR, timeinterval__duration = 'PT-1H' "
        f"WHERE id IN {THREE}",
        {"ends before its start": 3, "rows": 157},
    ),
    Damage(
        ENTRIES,
        "duration_is_end_minus_start",
        f"UPDATE {{table}} SET timeinterval__duration = 'PT9H' WHERE id IN {THREE}",
        {"other durations": 3, "rows": 157},
    ),
    Damage(
        ENTRIES,
        "duration_is_end_minus_start",
        f"UPDATE {{table}} SET timeinterval__duration = 'an hour' WHERE id IN {THREE}",
        {"other durations": 3},
    ),
    Damage(
        ENTRIES,
        "duration_is_end_minus_start",
        f"UPDATE {{table}} SET timeinterval__duration = NULL WHERE id IN {THREE}",
        {"other durations": 3},
    ),
    Damage(
        ENTRIES,
        "stands_on_a_loaded_day",
        "UPDATE {table} SET timeinterval_start = timeinterval_start + INTERVAL 900 DAY, "
        f"timeinterval_end = timeinterval_end + INTERVAL 900 DAY WHERE id IN {THREE}",
        {"outside": 3, "on days not loaded": 0},
    ),
    Damage(
        ENTRIES,
        "stands_on_a_loaded_day",
        "UPDATE clockify_state.loaded_ranges SET range_start = range_start + INTERVAL 7 DAY",
        {"outside": 0, "on days not loaded": 4},
        "WARN",
        frozenset(["is_fresh"]),
    ),
    Damage(
        "clockify_timeentries_integral",
        "is_not_far_ahead",
        "UPDATE {table} SET timeinterval_start = timeinterval_start + INTERVAL 900 DAY, "
        f"timeinterval_end = timeinterval_end + INTERVAL 900 DAY WHERE id IN {THREE}",
        {"far ahead": 3},
        "WARN",
    ),
    Damage(
        ENTRIES,
        "lasts_no_more_than_a_day",
        "UPDATE {table} SET timeinterval_end = timeinterval_start + INTERVAL 61 HOUR, timeinterval__duration = 'PT61H' "
        "WHERE id = (SELECT max_by(id, timeinterval_start) FROM {table})",
        {"longer than a day": 1, "rows": 157},
        "WARN",
    ),
    Damage(
        ENTRIES,
        "no_timer_runs_for_days",
        f"UPDATE {{table}} SET timeinterval_end = NULL, timeinterval__duration = NULL WHERE id IN {THREE}",
        {"forgotten timers": 3, "rows": 3},
        "WARN",
    ),
    Damage(
        ENTRIES,
        "does_not_overlap",
        "UPDATE {table} SET userid = (SELECT max(userid) FROM {table}), "
        "timeinterval_end = timeinterval_end + INTERVAL 9 HOUR, timeinterval__duration = 'PT10H30M' "
        "WHERE timeinterval__duration = 'PT1H30M' AND "
        "timeinterval_start = (SELECT min(timeinterval_start) FROM {table})",
        {"overlapping": 1, "rows": 157},
        "WARN",
    ),
]
