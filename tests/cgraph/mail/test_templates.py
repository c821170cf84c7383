"""What is made from MJML and kept."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
TEMPLATES = ROOT / "src" / "cgraph" / "mail" / "templates"


class TestTemplates:
    def test_are_what_the_mjml_says(self) -> None:
        check = [sys.executable, "-m", "tools.mail", "--check"]
        done = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")

    def test_each_has_a_text(self) -> None:
        html = {path.stem for path in TEMPLATES.glob("*.html")}
        assert html == {path.stem for path in TEMPLATES.glob("*.txt")}
        assert html == {path.stem for path in TEMPLATES.glob("[!_]*.mjml")}
