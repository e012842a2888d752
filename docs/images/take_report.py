"""Take the pictures of the report anew, from that of the demo.

    make demo
    python docs/images/take_report.py data/demo_report.html

It needs chromium in PATH, and writes report.png (1600 pixels wide, light) and report-narrow.png (400, dark).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
PICTURES = {"report.png": ("1600,1520", 1), "report-narrow.png": ("400,1520", 0)}
"""By name, the size of the window, and Chromium's number of the scheme."""


def main(page: str, folder: Path = FOLDER) -> None:
    """Take both."""
    for name, (size, scheme) in PICTURES.items():
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=20000"]
        chosen = [f"--window-size={size}", f"--blink-settings=preferredColorScheme={scheme}"]
        command = ["chromium", *options, *chosen, f"--screenshot={folder / name}", Path(page).absolute().as_uri()]
        subprocess.run(command, check=True)  # noqa: S603 - the browser of whoever starts this


if __name__ == "__main__":
    main(*sys.argv[1:])
