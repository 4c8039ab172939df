"""The report: one page from the JSON beside it, which a browser shows and moves without an error."""

import base64
import gzip
import json
import re
import shutil
import time
from html.parser import HTMLParser

import numpy as np
import pytest
from typer.testing import CliRunner

import fastact
from fastact import cli, experiments
from fastact.experiments import results
from fastact.experiments.experiment import CLOCK
from fastact.report import curves, gather, markdown, page, pdf, pictures

NAMES = ("vanish", "linear")


def strict(text):
    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The command's output for two experiments."""
    folder = tmp_path_factory.mktemp("report")
    result = CliRunner().invoke(
        cli.make_app(), ["report", "--quick", "--only", ",".join(NAMES), "--output", str(folder), "--n-jobs", "1"]
    )
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture(scope="module")
def report(made):
    return strict((made / gather.FILE).read_text())


@pytest.fixture(scope="module")
def clock(made):
    return strict((made / gather.CLOCK_FILE).read_text())


@pytest.fixture(scope="module")
def html(made):
    return (made / "report.html").read_text(encoding="utf-8")


# --- the JSON


def test_the_report_holds_rows_claims_and_curves(report):
    assert tuple(report["experiments"]) == NAMES
    for part in report["experiments"].values():
        assert part["rows"]
        assert part["findings"]
        assert all(not finding["clock"] for finding in part["findings"])
        assert len(part["table"]["headings"]) == len(part["table"]["lines"][0])
    assert list(report["activations"]) == list(fastact.activations)
    assert report["versions"]["fastact"] == fastact.__version__


def test_a_second_run_gives_the_same_json_in_other_processes_too(made, tmp_path):
    result = CliRunner().invoke(
        cli.make_app(), ["report", "--quick", "--only", "linear", "--output", str(tmp_path), "--n-jobs", "2"]
    )
    assert result.exit_code == 0, result.output
    again, before = (strict((folder / gather.FILE).read_text()) for folder in (tmp_path, made))
    assert again["experiments"]["linear"] == before["experiments"]["linear"]
    assert again["activations"] == before["activations"]


def test_what_depends_on_the_clock_stands_apart(report, tmp_path):
    made = gather.runs(["linear"], tmp_path, quick=True)
    gather.measure(made)
    for at, row in enumerate(made[0].rows.values()):
        row[CLOCK] = {"seconds": float(at)}
    timeless, clock = gather.collect(made, quick=True)
    assert timeless["experiments"]["linear"] == report["experiments"]["linear"]
    assert sorted(one["seconds"] for one in clock["experiments"]["linear"].values()) == list(range(len(made[0].rows)))
    merged = gather.with_clock(timeless, clock)["linear"]["rows"]
    assert [row[CLOCK]["seconds"] for row in merged] == [row[CLOCK]["seconds"] for row in made[0].report()["rows"]]


def test_curves_are_those_of_the_functions():
    known = curves.curves()
    for name, one in known.items():
        x = np.array(one["x"])
        np.testing.assert_allclose(one["f"], getattr(fastact, name)(x), rtol=1e-5)
        np.testing.assert_allclose(one["f'"], getattr(fastact, name).derivative(x), rtol=1e-5)
        assert (one["f''"] is None) == (not fastact.activations[name].second_derivative_formula)
        if one["f''"] is not None:
            np.testing.assert_allclose(one["f''"], getattr(fastact, f"{name}_second_derivative")(x), rtol=1e-5)


# --- the page


def test_the_page_is_made_from_the_json_alone(report, clock, html):
    """It is drawn anew from what was read from the files, and is the same to the byte."""
    assert page.render(report, clock) == html


def test_a_number_changed_in_the_json_changes_on_the_page(report, clock):
    changed = json.loads(json.dumps(report))
    for row in changed["experiments"]["linear"]["rows"]:
        row["xor_accuracy"] = 0.61827
    text = page.render(changed, clock)
    assert "61.8 ± 0.0%" in text
    assert "61.8 ± 0.0%" not in page.render(report, clock)


class Elements(HTMLParser):
    """Checks that elements nest, and gathers ids, attributes and addresses."""

    VOID = frozenset({"meta", "link", "input", "br", "img", "use", "path", "rect", "line", "hr"})

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.addresses, self.labelled, self.pictures = [], [], [], [], []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if "id" in given:
            self.ids.append(given["id"])
        self.addresses += [given[name] for name in ("href", "src", "xlink:href") if name in given]
        if tag == "label" and "for" in given:
            self.labelled.append(given["for"])
        if given.get("role") == "img":
            self.pictures.append(given.get("aria-label", ""))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            if tag == "p" and self.open[-1] != "p":
                return
            assert self.open.pop() == tag, tag


@pytest.fixture(scope="module")
def elements(html):
    parser = Elements()
    parser.feed(html)
    assert not parser.open
    return parser


def test_the_page_needs_no_network(html, elements):
    assert all(address.startswith(("#", "data:")) for address in elements.addresses)
    without_scripts = re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
    assert not re.search(r"@import|url\((?!#)", without_scripts)
    # Names of vocabularies in pictures are no addresses that anything asks for.
    assert set(re.findall(r"https?://[^\"' )]+", without_scripts)) <= {
        "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
    }  # fmt: skip


def test_ids_differ_and_lead_somewhere(elements):
    assert len(set(elements.ids)) == len(elements.ids)
    assert {address[1:] for address in elements.addresses if address.startswith("#")} <= set(elements.ids)
    assert set(elements.labelled) <= set(elements.ids)


def test_no_experiment_has_the_name_of_a_part_of_the_page(html):
    fixed = {"activations", "verdicts", "known", "numbers", "times", "specifications", "known-data", "picker"}
    assert fixed <= set(re.findall(r'\bid="([\w-]+)"', html))
    assert not fixed & set(experiments.NAMES)


def test_every_picture_has_words(elements, report):
    assert len(elements.pictures) >= 2 * len(report["experiments"])
    assert all(len(text) > 40 for text in elements.pictures)


def test_every_claim_stands_with_verdict_and_measurement(html, report):
    plain = re.sub(r"\s+", " ", html)

    def escaped(text):
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#39;")

    for part in report["experiments"].values():
        for finding in part["findings"]:
            assert plain.count(escaped(finding["claim"])) >= 2
            assert escaped(finding["measurement"]) in plain


@pytest.mark.parametrize(("source", "name"), [("numbers", gather.FILE), ("times", gather.CLOCK_FILE)])
def test_the_numbers_can_be_taken_from_the_page(html, made, source, name):
    (packed,) = re.findall(rf'id="{source}">([^<]*)<', html)
    assert strict(gzip.decompress(base64.b64decode(packed))) == strict((made / name).read_text())


def test_text_cannot_leave_its_place(report, clock):
    changed = json.loads(json.dumps(report))
    changed["experiments"]["linear"]["title"] = "</script><script>alert(1)</script>"
    changed["activations"]["relu"]["summary"] = "</script><b>&amp;"
    text = page.render(changed, clock)
    assert "<script>alert" not in text
    assert "</script><b>" not in text


def test_the_page_says_how_to_measure_again(report, html):
    from fastact.report.page import command

    settings = experiments.load("linear").settings()
    assert command("linear", results.plain(settings.as_dict())) == "fastact linear"
    words = command("linear", report["experiments"]["linear"]["settings"])
    assert words == "fastact linear --depths 1,4 --epochs 10 --seeds 2"
    assert f"<code>{words}</code>" in html


def test_colours_of_pictures_follow_the_page():
    text = pictures.themed(
        '<?xml version="1.0"?>\n<svg width="4pt" height="3pt" viewBox="0 0 4 3"><defs><path id="a"/></defs>'
        '<use xlink:href="#a" style="fill: #1a1a1a; stroke: #0072B2; clip-path: url(#a)"/></svg>',
        "one",
    )
    assert text == (
        '<svg viewBox="0 0 4 3" aria-hidden="true" focusable="false"><defs><path id="one-a"/></defs>'
        '<use xlink:href="#one-a" style="fill: var(--ink); stroke: var(--c0); clip-path: url(#one-a)"/></svg>'
    )


# --- in a browser


@pytest.fixture
def browser():
    """Chromium without a window, which does not scroll smoothly: an element would move under a click."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not program or not driver:
        pytest.skip("needs Debian's chromium and chromium-driver")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in (
        "headless=new",
        "no-sandbox",
        "disable-dev-shm-usage",
        "disable-gpu",
        "window-size=1280,900",
        "force-prefers-reduced-motion",
    ):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    started = webdriver.Chrome(options=options, service=Service(driver))
    yield started
    started.quit()


def opened(browser, made):
    browser.get((made / "report.html").as_uri())
    for _ in range(300):
        if browser.execute_script("return document.documentElement.dataset.ready"):
            return
        time.sleep(0.1)
    pytest.fail(f"the charts are not drawn after 30 s: {browser.get_log('browser')}")


def drawn(browser, name):
    """The lines of a chart as they are drawn."""
    script = "return [...document.querySelectorAll(`#${arguments[0]} .mark-line path`)].map(p => p.getAttribute('d'))"
    return browser.execute_script(script, name)


def settled(browser, name, value):
    for _ in range(100):
        if browser.execute_script("return document.getElementById(arguments[0]).dataset.shown", name) == str(value):
            return
        time.sleep(0.05)
    pytest.fail(f"{name} does not show {value}")


def test_a_browser_shows_and_moves_the_page(browser, made, report):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.select import Select

    opened(browser, made)
    # The slider, by keyboard.
    depths = sorted({row["depth"] for row in report["experiments"]["vanish"]["rows"]})
    slider = browser.find_element(By.ID, "gradient-profile-depth")
    assert slider.get_attribute("aria-valuetext") == str(depths[-1])
    before = drawn(browser, "gradient-profile")
    assert any(before)
    slider.send_keys(Keys.HOME)
    settled(browser, "gradient-profile", depths[0])
    assert slider.get_attribute("aria-valuetext") == str(depths[0])
    words = browser.find_element(By.ID, "gradient-profile-told").text
    assert words.startswith(f"At depth {depths[0]} the gradient")
    picture = browser.find_element(By.CSS_SELECTOR, "#gradient-profile svg")
    assert picture.get_attribute("aria-label") == words
    assert drawn(browser, "gradient-profile") != before
    slider.send_keys(Keys.END)
    settled(browser, "gradient-profile", depths[-1])
    assert drawn(browser, "gradient-profile") == before
    # The picker, and what it says of the activation.
    before = drawn(browser, "picker")
    Select(browser.find_element(By.ID, "picker-chosen")).select_by_visible_text("relu")
    settled(browser, "picker", "relu")
    assert drawn(browser, "picker") != before
    assert report["activations"]["relu"]["summary"] in browser.find_element(By.ID, "known").text
    # The claims by verdict.
    shown = "return [...document.querySelectorAll('.claims tr.holds')].filter(r => r.offsetHeight > 0).length"
    holds = sum(f["verdict"] == "holds" for part in report["experiments"].values() for f in part["findings"])
    assert browser.execute_script(shown) == holds
    browser.find_element(By.CSS_SELECTOR, ".filter input[value=holds]").click()
    assert browser.execute_script(shown) == 0
    asked = "return performance.getEntriesByType('resource').map(e => e.name).filter(n => !n.startsWith('data:'))"
    assert browser.execute_script(asked) == []
    assert browser.get_log("browser") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone_in_light_and_dark(browser, made, scheme):
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 375, "height": 800, "deviceScaleFactor": 2, "mobile": True}
    )
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    opened(browser, made)
    assert browser.execute_script("return document.documentElement.scrollWidth") == 375
    wide = """
        return [...document.querySelectorAll('main *')].filter(e => !e.closest('svg, details, .hidden')
            && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.tagName + '.' + e.className)"""
    assert browser.execute_script(wide) == []
    ink, paper = (
        browser.execute_script(f"return getComputedStyle(document.body).{name}")
        for name in ("color", "backgroundColor")
    )
    assert contrast(ink, paper) > 10
    assert (luminance(paper) > 0.5) == (scheme == "light")
    for place in (".source", "figcaption", "a", ".verdict.holds", ".verdict.does-not-hold"):
        colour = browser.execute_script(f"return getComputedStyle(document.querySelector('{place}')).color")
        assert contrast(colour, paper) > 4.5, place
    assert browser.get_log("browser") == []


def luminance(colour):
    """WCAG's relative luminance of a computed colour."""
    channels = [int(channel) / 255 for channel in re.findall(r"\d+", colour)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_the_page_is_printed(browser, made):
    opened(browser, made)
    printed = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": False})["data"])
    assert printed.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) >= 3


def test_the_numbers_are_given_out(browser, made, tmp_path):
    from selenium.webdriver.common.by import By

    browser.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    opened(browser, made)
    browser.find_element(By.CSS_SELECTOR, "button[data-source=numbers]").click()
    for _ in range(100):
        if (tmp_path / gather.FILE).exists():
            break
        time.sleep(0.05)
    assert strict((tmp_path / gather.FILE).read_text()) == strict((made / gather.FILE).read_text())


# --- other forms


def test_markdown_has_claims_figures_and_numbers(report, clock, tmp_path):
    written = markdown.write(report, clock, tmp_path)
    text = written[0].read_text(encoding="utf-8")
    assert all(path.exists() for path in written)
    for name, part in report["experiments"].items():
        assert f"## {part['title']}" in text
        assert f"](images/{name}.png)" in text
        for finding in part["findings"]:
            assert text.count(finding["measurement"].replace("|", "\\|")) + text.count(finding["measurement"]) >= 2
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in lines)
    first = markdown.write(report, clock, tmp_path)[0].read_bytes()
    assert first == text.encode()


def test_cells_of_markdown_do_not_break_their_table():
    assert markdown.table([("a|b", "c\nd"), ("1", "2")]) == "| a\\|b | c d |\n| --- | --- |\n| 1 | 2 |"


def test_pdf_has_a_page_for_each_experiment_and_is_reproducible(report, clock, tmp_path):
    path = pdf.write(report, clock, tmp_path)
    content = path.read_bytes()
    assert content.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", content)) > len(report["experiments"])
    assert pdf.write(report, clock, tmp_path).read_bytes() == content


# --- the command


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    app = cli.make_app()

    def invoke(*arguments):
        return CliRunner().invoke(app, ["report", *map(str, arguments)])

    return invoke


def test_the_command_says_what_it_found(run, made):
    result = run("--quick", "--only", ",".join(NAMES), "--output", made, "--resume", "--n-jobs", 1)
    assert result.exit_code == 0, result.output
    assert re.search(r"linear +12 +\d", result.output)
    assert f"{made / 'report.html'}" in result.output.replace("\n", "")


@pytest.mark.parametrize("form", ["md", "pdf"])
def test_other_formats_take_the_rows_that_are_there(run, made, form):
    before = (made / gather.FILE).read_bytes()
    result = run("--quick", "--only", ",".join(NAMES), "--output", made, "--resume", "--format", form)
    assert result.exit_code == 0, result.output
    assert (made / f"report.{form}").exists()
    assert (made / gather.FILE).read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "docx"], "format must be one of html, md, pdf"),
        (["--only", "vanish,nothing"], "experiment must be one of vanish"),
        (["--only", "linear,linear"], "only must be one or more different values"),
        (["--seed", "-1"], "seed must be an integer >= 0"),
        (["--n-jobs", "0"], "n-jobs must be an integer >= 1"),
        (["--data", "nowhere.csv"], "nowhere.csv: there is no such file"),
    ],
)
def test_bad_arguments_are_named_and_nothing_is_written(run, tmp_path, arguments, message):
    result = run(*arguments, "--output", tmp_path / "out")
    assert result.exit_code == cli.BAD
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert not (tmp_path / "out").exists()


def test_an_output_that_is_a_file_is_refused(run, tmp_path):
    (tmp_path / "file").touch()
    result = run("--only", "linear", "--quick", "--output", tmp_path / "file")
    assert result.exit_code == cli.BAD
    assert "is a file" in result.stderr


def test_an_interrupted_report_says_how_to_go_on(run, tmp_path, monkeypatch):
    add, added = gather.Run.add, []

    def interrupted(self, row):
        add(self, row)
        added.append(row)
        if len(added) == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(gather.Run, "add", interrupted)
        result = run("--quick", "--only", "linear", "--output", tmp_path, "--n-jobs", 1)
    assert result.exit_code == cli.INTERRUPTED
    assert "of 12 rows are finished" in result.output
    assert "--resume" in result.output
    assert not (tmp_path / gather.FILE).exists()
    left = results.read(tmp_path / gather.ROWS / "linear.json", {})
    assert len(left["rows"]) == 3
    result = run("--quick", "--only", "linear", "--output", tmp_path, "--resume", "--n-jobs", 1)
    assert result.exit_code == 0, result.output


def test_without_its_packages_a_format_says_what_to_install(run, tmp_path, monkeypatch):
    from fastact import cli_report

    monkeypatch.setitem(cli_report.NEEDED, "pdf", {"a_module_that_is_nowhere": "fpdf2"})
    result = run("--format", "pdf", "--output", tmp_path / "out")
    assert result.exit_code == cli.BAD
    assert "format pdf needs fpdf2: pip install 'fastact[report]'" in result.stderr
