"""Promises of a notebook's page on the site."""

from __future__ import annotations

import pytest
from making import code, markdown, notebook

from course.authoring import pages

pytestmark = pytest.mark.one_set


def test_a_link_to_a_page_of_docs_leads_to_that_page_of_the_site() -> None:
    said = "# A title\n\nSee [counts](../docs/measurements.md), [a name](../docs/images/house.svg) and [next](02_x.ipynb#Two-Words)."
    page = pages.lesson(notebook(markdown(said, id="said"), code("x", id="x")), "")
    text = "".join(cell["source"] for cell in page["cells"])
    for link in ("[counts](../measurements.md)", "[a name](../docs/images/house.svg)", "[next](02_x.ipynb#two-words)"):
        assert link in text
