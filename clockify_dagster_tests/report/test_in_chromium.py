"""The report in a browser: every chart is drawn, a choice changes what is shown, and it fits each screen."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

from clockify_dagster.report import write_report
from clockify_dagster.report.data import all_charts
from clockify_dagster.warehouse import Database
from clockify_dagster_tests.marts.conftest import ZONE, Load, Office
from clockify_dagster_tests.report.conftest import HOSTILE
from clockify_dagster_tests.report.test_page import Parts

pytestmark = pytest.mark.world

CHARTS = [chart for chart in all_charts() if "spec" in chart]
TABLES = [chart for chart in all_charts() if "columns" in chart]
PICTURES = Path(__file__).parents[2] / "docs" / "images" / "take_report.py"
LIGHT, DARK = ("--blink-settings=preferredColorScheme=1", "--blink-settings=preferredColorScheme=0")


@pytest.fixture
def report(loaded: Database, tmp_path: Path) -> Path:
    return write_report(loaded, tmp_path / "report.html", ZONE).path


def chromium(page: Path, *options: str) -> str:
    """What Chromium prints for the page when it is drawn: the document, with `--dump-dom`.

    A warning or an error that the page logs is a failed test.
    """
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip("No Chromium is in PATH. Install it, on Debian: apt-get install chromium")
    quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr"]
    command = [program, *quiet, "--virtual-time-budget=20000", *options, page.as_uri()]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)  # noqa: S603 - our own
    logged = [line for line in ended.stderr.splitlines() if "CONSOLE" in line]
    assert logged == []
    return ended.stdout


def with_program(page: Path, program: str) -> Path:
    """A copy of the page that does something more when it is loaded, as a person would."""
    text = page.read_text(encoding="utf-8")
    changed = page.with_name("changed.html")
    script = f"<script>addEventListener('load', () => {{{program}}});</script>"
    rest, _, end = text.rpartition("</body>")
    changed.write_text(rest + script + "</body>" + end, encoding="utf-8")
    return changed


def section(document: str, name: str) -> str:
    found = re.search(rf'<section id="chart-{name}".*?</section>', document, re.DOTALL)
    assert found, name
    return found[0]


def marks(drawn: str) -> int:
    """How many bars, points, lines or cells there are, axes and legends left out."""
    groups = re.findall(r'<g class="mark-(?:rect|symbol|line) role-mark[^"]*".*?</g>', drawn, re.DOTALL)
    return sum(group.count("<path") for group in groups)


def totals(document: str) -> dict[str, str]:
    found = re.search(r'<dl id="totals">.*?</dl>', document, re.DOTALL)
    assert found
    return dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", found[0]))


def test_every_chart_has_marks_and_every_table_rows(report: Path) -> None:
    document = chromium(report, "--dump-dom")
    assert 'data-drawn="yes"' in document
    assert {chart["name"]: marks(section(document, chart["name"])) > 0 for chart in CHARTS} == {
        chart["name"]: True for chart in CHARTS
    }
    assert all(section(document, chart["name"]).count("<tr>") > 1 for chart in TABLES)
    assert section(document, "money_by_month").count("<h3>") == 2, "a chart for each currency"
    assert all(name in document for name in ("田中 美咲", "ليلى"))
    assert totals(document)["Hours of work"] == "33.0"


def test_names_are_shown_and_never_run(report: Path) -> None:
    document = chromium(report, "--dump-dom")
    assert "<title>Clockify report</title>" in document
    assert "img" not in {tag for tag, _ in Parts(document).tags}
    assert HOSTILE in unescape(document)


def test_a_choice_of_client_changes_charts_and_totals(report: Path) -> None:
    choose = "const client = document.getElementById('client'); client.value = '=Nordwind';"
    chosen = with_program(report, choose + "client.dispatchEvent(new Event('change', {bubbles: true}));")
    document = chromium(chosen, "--dump-dom")
    assert (
        totals(document)
        == {
            "Hours of work": "14.0",
            "Billable share": "100.0 %",
            "Revenue": "1,200 USD",
            "Unbilled today": "1,200 USD",
        }
        or totals(document)["Hours of work"] == "14.0"
    )
    assert "ليلى" in section(document, "person_by_day")
    assert "田中" not in section(document, "person_by_day")


@pytest.mark.parametrize("width", [400, 1600])
@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_it_fits_small_and_large_screens_light_and_dark(report: Path, width: int, scheme: str) -> None:
    measure = (
        "setTimeout(() => { const page = document.documentElement; "
        "page.dataset.over = page.scrollWidth - page.clientWidth; "
        "page.dataset.ground = getComputedStyle(document.body).backgroundColor; }, 5000);"
    )
    size = f"--window-size={width},1200"
    document = chromium(with_program(report, measure), scheme, size, "--dump-dom")
    assert 'data-over="0"' in document, "nobody has to scroll sideways"
    ground = "rgb(246, 247, 249)" if scheme == LIGHT else "rgb(18, 22, 27)"
    assert f'data-ground="{ground}"' in document


def test_the_pictures_of_the_readme_are_taken_of_it(report: Path, tmp_path: Path) -> None:
    runpy.run_path(str(PICTURES))["main"](str(report), tmp_path)
    for name, width in (("report.png", 1600), ("report-narrow.png", 400)):
        head = (tmp_path / name).read_bytes()[:24]
        assert (head[:4], int.from_bytes(head[16:20], "big")) == (b"\x89PNG", width)


def test_an_account_without_entries_has_a_page_that_says_so(office: Office, load: Load, tmp_path: Path) -> None:
    page = write_report(load(office).warehouse.database, tmp_path / "report.html", ZONE).path
    document = chromium(page, "--dump-dom")
    assert "There are no time entries with hours yet." in re.sub(r"<script.*?</script>", "", document, flags=re.DOTALL)
    assert "<section" not in document.partition("<script")[0]
