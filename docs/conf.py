"""Sphinx configuration of the site that `make docs` builds.

The pages are the Markdown files in this folder, which read well on a code host as they are: their links lead to files
of the repository. On the site the same links lead to the pages that antsibull-docs writes to reference/.
"""

from __future__ import annotations

import re

from docutils.parsers.rst.directives.parts import Contents

project = "dialtone.pppoe"
copyright = "The dialtone.pppoe authors"
extensions = ["myst_parser", "sphinx_antsibull_ext"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = project
html_static_path = ["static"]
html_css_files = ["site.css"]
# Labels of Ansible's own documentation are not resolved, so that a build needs no network. Links in the pages of this
# folder are still checked, as files and headings (myst.xref_missing).
suppress_warnings = ["ref.ref"]

#: Where a link to a file of the repository leads on the site.
PAGES = (
    (r"\.\./roles/(\w+)/README\.md", r"reference/\1_role.rst"),
    (r"\.\./plugins/modules/(\w+)\.py", r"reference/\1_module.rst"),
    (r"\.\./plugins/(filter|inventory)/(\w+)\.py", r"reference/\2_\1.rst"),
    (r"\.\./playbooks/(\w+)\.yml", r"playbooks.md#\1"),
    (r"\.\./tests/lab/README\.md", "lab.md"),
    (r"\.\./CHANGELOG\.rst", "changelog.rst"),
)
TOCTREE = "\n```{{toctree}}\n:hidden:\n:caption: {}\n\n{}\n```\n"


class NoContents(Contents):
    """Furo lists the headings next to each page, and marks a table of contents within the page as an error."""

    def run(self):
        return []


def navigation(text: str) -> str:
    """The sidebar: the pages that each section of the front page links to; those of reference/ have an index."""
    found = ""
    for section in text.split("\n## ")[1:]:
        heading = section.partition("\n")[0]
        links = re.findall(r"\]\(([\w/-]+)\.(?:md|rst)\)", section)
        pages = dict.fromkeys("reference/index" if link.startswith("reference/") else link for link in links)
        found += TOCTREE.format(heading, "\n".join(pages)) if pages else ""
    return found


def reference_index(text: str) -> str:
    """The start page of the reference with a plain title, and with short names in the sidebar."""
    text = re.sub(r"^Dialtone\.Pppoe\n=+$", "Roles, modules and plugins\n==========================", text, flags=re.M)
    return re.sub(r"^    (\w+)_(module|filter|inventory|role)$", r"    \1 <\1_\2>", text, flags=re.M)


def read(_app, name: str, source: list[str]) -> None:
    for pattern, page in PAGES:
        source[0] = re.sub(rf"\]\({pattern}(#[\w-]+)?\)", rf"]({page})", source[0])
    if name == "index":
        source[0] += navigation(source[0])
    if name == "reference/index":
        source[0] = reference_index(source[0])


def setup(app) -> None:
    app.add_directive("contents", NoContents, override=True)
    app.connect("source-read", read)
