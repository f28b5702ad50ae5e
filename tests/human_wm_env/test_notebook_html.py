"""Tables of HTML."""

from __future__ import annotations

from human_wm_env.notebook_html import html_table


def test_texts_are_escaped() -> None:
    assert html_table("a<b", ("x",), [("1 & 2",), ("<script>",)]) == (
        "<p>a&lt;b</p><table><tr><th>x</th></tr>"
        "<tr><td>1 &amp; 2</td></tr><tr><td>&lt;script&gt;</td></tr></table>"
    )
