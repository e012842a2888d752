"""Take the pictures of the README anew, from Dagster's UI as it is after `make demo`.

    make demo
    DAGSTER_HOME=$PWD/.dagster-demo CLOCKIFY_DATABASE=data/demo.duckdb make dev          in one terminal
    pip install playwright && playwright install chromium                                in an environment of its own
    python docs/images/take.py http://127.0.0.1:3000                                     in another terminal

A second argument is the path of a browser that is there already.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parent
ASSET = "clockify_timeentries"


def graph(page: Page, url: str) -> None:
    """All assets, the groups opened, with the checks and the state of each and little around them."""
    page.set_viewport_size({"width": 1240, "height": 1560})
    page.goto(f"{url}/asset-groups")
    page.wait_for_selector("text=time_entries_integral")
    page.get_by_text("Hide navigation").click()
    page.locator("button:has([aria-label='config'])").click()
    for facet in ("Sync status tags", "Latest event", "Kind tag", "Automation", "Partitions"):
        page.get_by_text(facet, exact=True).first.click()
    page.get_by_role("button", name="Save").click()
    page.wait_for_timeout(1000)
    page.keyboard.press("Alt+e")
    page.wait_for_timeout(2000)
    page.reload()  # the groups stay open, and all of it is made to fit in
    page.wait_for_selector("text=clockify_timeentries__tags")
    page.wait_for_timeout(4000)
    page.screenshot(path=FOLDER / "graph.png", clip={"x": 432, "y": 208, "width": 745, "height": 1166})


def asset(page: Page, url: str) -> None:
    """The page of the time entries, with its columns."""
    page.set_viewport_size({"width": 1400, "height": 1000})
    page.goto(f"{url}/assets/{ASSET}?view=overview")
    page.wait_for_selector("text=Columns")
    page.wait_for_timeout(4000)
    page.screenshot(path=FOLDER / "asset.png")


def main(url: str, browser: str | None = None) -> None:
    """Take both."""
    options: dict[str, Any] = {"args": ["--no-sandbox", "--disable-gpu"], "executable_path": browser}
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(**{name: value for name, value in options.items() if value})
        page = chromium.new_page(device_scale_factor=1.5)
        graph(page, url)
        asset(page, url)
        chromium.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
