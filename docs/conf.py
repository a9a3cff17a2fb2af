# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sphinx's configuration for the site that `make docs` builds.

The pages are the Markdown files of this folder; those in reference/ are made by antsibull-docs.
"""

from __future__ import annotations

project = "dialtone.pppoe"
copyright = "The dialtone.pppoe authors"
extensions = ["myst_parser", "sphinx_antsibull_ext"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = project
# Labels of Ansible's own documentation, which is not asked for here: a build works without a network. Links of the
# pages in this folder are checked all the same, as files and headings (myst.xref_missing).
suppress_warnings = ["ref.ref"]
