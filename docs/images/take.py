"""Take the pictures of Dagster's UI and of the notebook anew, as they are after `make demo`.

    make demo
    make demo-ui                                                                         in one terminal
    export CLOCKIFY_DATABASE=data/demo.duckdb CLOCKIFY_TIMEZONE=Europe/Belgrade          in another one
    .venv/bin/clockify-dagster explore --no-browser --port 2718
    pip install playwright && playwright install chromium                                in an environment of its own
    python docs/images/take.py http://127.0.0.1:3000 http://127.0.0.1:2718

A third argument is the path of a browser that is there already. Pictures of the report: `take_report.py`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parent
ASSET = "clockify_timeentries"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
MARGIN = 24


def graph(page: Page, url: str) -> None:
    """The groups and how they depend on each other; all sixty assets at once could not be read."""
    page.set_viewport_size({"width": 1400, "height": 1000})
    page.goto(f"{url}/asset-groups")
    page.wait_for_selector("text=clockify_marts")
    page.wait_for_timeout(4000)
    groups = page.locator("foreignObject").all()
    boxes = [box for box in (group.bounding_box() for group in groups) if box]
    left, top = min(box["x"] for box in boxes) - MARGIN, min(box["y"] for box in boxes) - MARGIN
    right = max(box["x"] + box["width"] for box in boxes) + MARGIN
    bottom = max(box["y"] + box["height"] for box in boxes) + MARGIN
    clip = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    page.screenshot(path=FOLDER / "graph.png", clip=clip)  # type: ignore[arg-type]


def asset(page: Page, url: str) -> None:
    """The page of the time entries, with its columns."""
    page.set_viewport_size({"width": 1400, "height": 1000})
    page.goto(f"{url}/assets/{ASSET}?view=overview")
    page.wait_for_selector("text=Columns")
    page.wait_for_timeout(4000)
    page.screenshot(path=FOLDER / "asset.png")


def checks(page: Page, url: str) -> None:
    """The checks of the time entries, with the comparison with Clockify's totals, which is made for it."""
    page.set_viewport_size({"width": 1300, "height": 880})
    page.goto(f"{url}/assets/{ASSET}?view=checks&checkDetail=adds_up_to_clockifys_totals")
    page.wait_for_selector("text=This is a")
    page.get_by_text("Execute", exact=True).click()
    page.wait_for_timeout(20_000)
    page.reload()
    page.wait_for_selector("text=and the table agrees")
    page.wait_for_timeout(4000)
    page.screenshot(path=FOLDER / "checks.png")


def notebook(page: Page, url: str) -> None:
    """The notebook, from its filters to what is to be billed."""
    page.set_viewport_size({"width": 1200, "height": 1330})
    page.goto(url)
    page.wait_for_selector("text=Entries to look at")
    page.wait_for_timeout(4000)
    page.screenshot(path=FOLDER / "explore.png", clip={"x": 60, "y": 40, "width": 1090, "height": 1260})


def main(dagster: str, marimo: str, browser: str | None = None) -> None:
    """Take all of them."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(args=QUIET, executable_path=browser)
        page = chromium.new_page(device_scale_factor=1.5)
        graph(page, dagster)
        asset(page, dagster)
        checks(page, dagster)
        notebook(page, marimo)
        chromium.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
