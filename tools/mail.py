"""Make the HTML of mails from MJML: `python -m tools.mail`; with `--check`, only say whether it is fresh."""

import argparse
import re
import sys
from pathlib import Path

import mjml

INCLUDE = re.compile(r'<mj-include path="(?P<path>[^"]+)" />')
TEMPLATES = Path(__file__).parents[1] / "src" / "cgraph" / "mail" / "templates"


def compiled(source: Path) -> str:
    """The HTML of one template, its placeholders still in it. Fonts are named, never fetched."""
    # Included by the compiler itself, sections would not know how wide the body is.
    whole = INCLUDE.sub(lambda part: _text(TEMPLATES / part["path"]), _text(source))
    return mjml.mjml2html(whole, fonts={}, disable_comments=True).strip() + "\n"


def stale() -> dict[Path, str]:
    """What would have to be written; files that start with `_` are parts of others."""
    made = {
        source.with_suffix(".html"): compiled(source)
        for source in sorted(TEMPLATES.glob("[!_]*.mjml"))
    }
    return {path: html for path, html in made.items() if _read(path) != html}


def main() -> None:
    """Write what is stale, or with --check fail and name it."""
    parser = argparse.ArgumentParser(prog="tools.mail", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    found = stale()
    if check and found:
        names = ", ".join(path.name for path in found)
        sys.exit(f"{names}: not what the MJML says. Run `make mail` and commit the result.")
    for path, html in found.items():
        path.write_text(html, encoding="utf-8")
        sys.stdout.write(f"{path.name}\n")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _read(path: Path) -> str | None:
    return _text(path) if path.exists() else None


if __name__ == "__main__":
    main()
