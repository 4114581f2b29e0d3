"""The build of the manual as a site: Sphinx, MyST's Markdown, the theme Furo.

Owns nothing but the look and what counts as an error. Each page is plain Markdown that reads as
well without any of this. Nothing is fetched from elsewhere, neither here nor by a reader's browser.
"""

project = "Open Help Desk"
author = "The Open Help Desk authors"
project_copyright = "2026, The Open Help Desk authors"

extensions = ["myst_parser"]
exclude_patterns = ["tools"]
source_suffix = {".md": "markdown"}
root_doc = "index"

myst_heading_anchors = 4
nitpicky = True

html_theme = "furo"
html_title = "Open Help Desk"
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}
