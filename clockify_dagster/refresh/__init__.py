"""Time entries as they are in the account: which users are asked, what has changed elsewhere, where vanished entries
went.
Above the API and the warehouse, below Dagster, which it does not know.
"""

from clockify_dagster.refresh.refresh import refresh_everything, refresh_span
from clockify_dagster.refresh.scope import Scope

__all__ = ["Scope", "refresh_everything", "refresh_span"]
