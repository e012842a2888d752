"""The picture of what the tables refer to: `docs/images/relationships.svg`. `make docs` writes it."""

from __future__ import annotations

import sys
from pathlib import Path

from clockify_dagster.contract import CONTRACT
from clockify_dagster.contract.chart import relationships

if __name__ == "__main__":
    Path(sys.argv[1]).write_text(relationships(CONTRACT), encoding="utf-8")
