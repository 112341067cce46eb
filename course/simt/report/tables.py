"""Tables, as text and as HTML, of what was counted."""

from __future__ import annotations

from html import escape

# The columns that hold words and begin at the left; numbers end at the right.
_TEXT = {"source", "array", "memory", "access", "chip", "bound by"}


def text(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table of plain text."""
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    return "\n".join(
        "  ".join(
            cell.ljust(w) if head in _TEXT else cell.rjust(w) for cell, w, head in zip(row, widths, heads, strict=True)
        ).rstrip()
        for row in [heads, *rows]
    )


def html(label: str, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table. Where it is wider than the page it scrolls by itself, and the keyboard reaches it (WCAG 2.1.1)."""

    def cells(row: tuple[str, ...], tag: str) -> str:
        made = ""
        for head, cell in zip(heads, row, strict=True):
            align = "left" if head in _TEXT else "right"
            text = (
                f"<code style='white-space:pre'>{escape(cell)}</code>"
                if head == "source" and tag == "td"
                else escape(cell)
            )
            made += f'<{tag} style="text-align:{align};padding:1px 8px">{text}</{tag}>'
        return f"<tr>{made}</tr>"

    body = "".join(cells(row, "td") for row in rows)
    table = f"<table><thead>{cells(heads, 'th')}</thead><tbody>{body}</tbody></table>"
    return f'<div role="region" aria-label="{label}" tabindex="0" style="overflow-x:auto">{table}</div>'
