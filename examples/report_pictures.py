"""The pictures of a monitor's report as files.

    stemma monitor run … --json | python examples/report_pictures.py FOLDER NAME=CAPTION …

Reads what the command printed, finds `report.html`, and writes each picture with that caption to FOLDER/NAME.svg.
"""

import json
import re
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

FIGURE = re.compile(r"<figure>\s*(<svg .*?</svg>)\s*<figcaption>(.*?)</figcaption>", re.DOTALL)


def main() -> None:
    """Write the pictures and say what each shows."""
    run = json.load(sys.stdin)
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    page = Path(unquote(urlsplit(run["files"]["report.html"]["uri"]).path)).read_text(encoding="utf-8")
    pictures = {caption: svg for svg, caption in FIGURE.findall(page)}
    print(f"violations: {len(run.get('violations', []))}")
    for asked in sys.argv[2:]:
        name, _, caption = asked.partition("=")
        (folder / f"{name}.svg").write_text(pictures[caption] + "\n", encoding="utf-8")
        print(ElementTree.fromstring(pictures[caption])[1].text)  # noqa: S314  # our own report


if __name__ == "__main__":
    main()
