"""Options of the benchmark, the time that each case may take, and what the JSON says about the machine."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from .single_thread import ENVIRONMENT, single_thread

single_thread()

import fastact  # noqa: E402

from . import agreement, cases, peers  # noqa: E402
from .interleave import Turns  # noqa: E402

HERE = Path(__file__).parent
QUICK_SIZES, QUICK_MINUTES = (1, 1_000, 100_000), 0.4
MINUTES = 3.0
LARGE = 1_000_000


def _choice(name: str, allowed: tuple[str, ...]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        values = [value.strip() for value in text.split(",")]
        wrong = [value for value in values if value not in allowed]
        if wrong:
            raise pytest.UsageError(f"--{name} must be among {', '.join(allowed)}, got {', '.join(wrong)}")
        return values

    return parse


def _sizes(text: str) -> list[int]:
    try:
        sizes = [int(float(size)) for size in text.split(",")]
    except (ValueError, OverflowError):
        sizes = [0]
    if min(sizes) < 1:
        raise pytest.UsageError(f"--sizes must be positive numbers separated by commas, got {text!r}")
    return sizes


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0.0
    if not 0 < minutes < float("inf"):
        raise pytest.UsageError(f"--minutes must be a positive number, got {text!r}")
    return minutes


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("fastact benchmark")
    group.addoption("--sizes", type=_sizes, help="array sizes, default 1,1e3,1e5,1e7")
    dtypes = (cases.HALF, *cases.DTYPES)
    help_dtypes = "default: all, float16 at 1e5 only"
    group.addoption("--dtypes", type=_choice("dtypes", dtypes), default=dtypes, help=help_dtypes)
    group.addoption("--forms", type=_choice("forms", peers.FORMS), default=peers.FORMS, help="default: all")
    group.addoption("--peers", type=_choice("peers", peers.LIBRARIES), default=peers.LIBRARIES, help="default: all")
    group.addoption(
        "--minutes", type=_minutes, help=f"time to share among the selected cases, default {MINUTES}; more is steadier"
    )
    group.addoption("--quick", action="store_true", help=f"no arrays of 1e7, and {QUICK_MINUTES} minutes")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        option = metafunc.config.option
        sizes = option.sizes or (QUICK_SIZES if option.quick else cases.SIZES)
        chosen = [
            case
            for case in cases.cases(option.forms, option.dtypes, sizes)
            if case.dtype != cases.HALF or option.sizes or case.size in cases.HALF_SIZES
        ]
        metafunc.parametrize("case", chosen, ids=str)


def _missing(config: pytest.Config) -> list[str]:
    return [library for library in config.option.peers if not peers.installed(library)]


def pytest_report_header(config: pytest.Config) -> list[str]:
    found = [f"{library} {peers.version(library)}" for library in config.option.peers if peers.installed(library)]
    return [
        f"fastact: {fastact.show_config('dict')['instruction set']}, one thread for all",  # type: ignore[index]
        f"peers: {', '.join(found)}; not installed: {', '.join(_missing(config)) or 'none'}",
    ]


def _weight(item: pytest.Item) -> float:
    """Share of the time: a case of large arrays needs more of it for its few rounds."""
    parameters: dict[str, Any] = item.callspec.params if hasattr(item, "callspec") else {}
    case = parameters.get("case")
    if not isinstance(case, cases.Case):
        return 0.25
    return 3.0 if case.size >= LARGE else 1.0


@pytest.fixture
def seconds(request: pytest.FixtureRequest) -> float:
    """The time that this benchmark may take."""
    option = request.config.option
    minutes = option.minutes or (QUICK_MINUTES if option.quick else MINUTES)
    total = sum(_weight(item) for item in request.session.items if HERE in item.path.parents)
    return 60.0 * minutes * _weight(request.node) / total


@pytest.fixture
def compete(benchmark: Any, seconds: float) -> Callable[..., None]:
    """A function that times contestants in turns and records the outcome in ``benchmark.extra_info``.

    pytest-benchmark's own figure is fastact's alone, over the same number of rounds and of calls; the turns of all
    contestants, fastact among them, come after each of its rounds. Reports use the turns.
    """

    def run(contestants: dict[str, cases.Contestant], **extra: Any) -> None:
        turns = Turns({name: (contestant.run, contestant.arguments) for name, contestant in contestants.items()})
        own = contestants[cases.FASTACT]
        benchmark.pedantic(
            own.run,
            own.arguments,
            iterations=turns.calls[cases.FASTACT],
            rounds=turns.rounds_within(seconds),
            teardown=lambda *_: turns.round(),
        )
        if not turns.samples[cases.FASTACT]:  # --benchmark-disable
            turns.round()
        benchmark.extra_info.update(extra, results=turns.summary(cases.FASTACT))

    return run


@pytest.fixture
def libraries(request: pytest.FixtureRequest) -> list[str]:
    """The libraries that were asked for; those that are not installed are named in the header and in the JSON."""
    return list(request.config.option.peers)


FAILED = pytest.StashKey[dict[str, None]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FAILED] = {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    result = yield
    if result.failed and HERE in item.path.parents:
        item.config.stash[FAILED][item.name] = None  # once, though call and teardown may both fail
    return result


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_json(config: pytest.Config, benchmarks: list[Any], output_json: dict[str, Any]) -> None:
    del benchmarks
    output_json["fastact"] = {
        "configuration": fastact.show_config("dict"),
        "versions": {name: peers.version(name) for name in ("numpy", *config.option.peers) if peers.installed(name)},
        "missing": _missing(config),
        "failed": list(config.stash[FAILED]),
        "environment": ENVIRONMENT,
        "activations": {
            name: {
                form: list(peers.peers_of(name, form)) for form in peers.FORMS if form in {f.name for f in row.forms}
            }
            for name, row in fastact.activations.items()
        },
        "agreement": {"range": peers.RANGE, "tolerance": peers.TOLERANCE, "sample": agreement.SAMPLE},
    }
