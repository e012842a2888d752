"""What somebody may change of an entry, as strategies for Hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

EDITS: dict[str, st.SearchStrategy[Any]] = {
    "description": st.sampled_from(["", "work", "Žluť 🦊", None]),
    "billable": st.booleans(),
    "isLocked": st.booleans(),
    "type": st.sampled_from(["REGULAR", "BREAK", "HOLIDAY", "TIME_OFF"]),
    "hourlyRate": st.sampled_from([None, {"amount": 10500, "currency": "USD"}, {"amount": 99, "currency": "EUR"}]),
    "costRate": st.sampled_from([None, {"amount": 5000, "currency": "USD"}]),
    "projectId": st.sampled_from([None, "", "64c0ffee0000000000009001"]),
    "taskId": st.sampled_from([None, "64c0ffee0000000000009101"]),
    "kioskId": st.sampled_from([None, "64c0ffee0000000000009201"]),
    "customFieldValues": st.sampled_from([[], [{"customFieldId": "64c0ffee0000000000009301", "value": "7"}]]),
}
EDIT = st.sampled_from(sorted(EDITS)).flatmap(lambda field: EDITS[field].map(lambda value: {field: value}))
