"""A fastact installed from a wheel: what examples are built against, since an editable install hides missing files."""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest

from fastact import _ufuncs

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Installed:
    """The Python that has it, and the environment for commands: that Python's scripts come first."""

    python: Path
    environment: dict[str, str]

    def run(self, *command: str | Path, cwd: Path, **environment: str) -> str:
        """Run a command; its output. Fails with all that it printed."""
        done = subprocess.run(
            list(map(str, command)),
            cwd=cwd,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def check(self, code: str, cwd: Path, *arguments: str) -> str:
        """Run Python code, warnings being errors."""
        return self.run(self.python, "-W", "error", "-c", code, *arguments, cwd=cwd)


def editable() -> bool:
    """Whether the fastact under test is an editable install."""
    origin = metadata.distribution("fastact").read_text("direct_url.json")
    return bool(origin) and json.loads(origin or "{}").get("dir_info", {}).get("editable", False)


def find(shared: Path) -> Installed:
    """The fastact under test if it comes from a wheel, as in CI; else a wheel, built once for all workers.

    What the editable install compiled is not compiled again.
    """
    python = Path(sys.executable)
    if editable():
        if not (ROOT / "meson.build").exists() or importlib.util.find_spec("mesonpy") is None:
            pytest.skip("fastact is installed as editable, and a wheel cannot be built: meson-python is not installed")
        python = shared / "venv" / "bin" / "python"
        with open(shared / "wheel.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (shared / "ready").exists():
                install_wheel(shared)
                (shared / "ready").touch()
    paths = [str(python.parent), str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    environment = {**os.environ, "PATH": os.pathsep.join(paths)}
    for name in ("PYTHONPATH", "PKG_CONFIG_PATH"):
        environment.pop(name, None)
    return Installed(python, environment)


def install_wheel(directory: Path) -> None:
    """Build a wheel, and install it into a virtual environment that sees this one's packages."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    compiled, build = Path(_ufuncs.__file__).parents[2], ROOT / "build" / "wheel"
    assert compiled.parent == build.parent  # or the relative paths inside would lead elsewhere
    shutil.rmtree(build, ignore_errors=True)
    shutil.copytree(compiled, build)
    options = ["--no-deps", "--no-build-isolation", "--wheel-dir", str(directory)]
    options += [f"--config-settings=build-dir={build}"]
    subprocess.run([*pip, "wheel", *options, str(ROOT)], check=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(directory / "venv")], check=True)
    python = directory / "venv" / "bin" / "python"
    (wheel,) = directory.glob("*.whl")
    subprocess.run([*pip, "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)], check=True)
    # As a plain path: its .pth files, the editable install's among them, are not read.
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip())
    packages = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    (site / "of_the_tests.pth").write_text("\n".join(packages) + "\n")
