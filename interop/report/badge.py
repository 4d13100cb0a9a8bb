"""A badge for a README: one small SVG that says what the record says."""

from __future__ import annotations

from html import escape

from interop.record import Record
from interop.report.facts import against

GOOD, BAD, UNFINISHED = "#1a7f37", "#cf222e", "#6e7781"


def svg(record: Record, label: str = "interop") -> str:
    """The badge."""
    wrong = len(against(record))
    if wrong:
        message, color = f"{wrong:,} against", BAD
    elif not record.complete or not record.findings:
        message, color = "unfinished" if record.findings or record.expected else "nothing ran", UNFINISHED
    elif untold := record.count("inconclusive"):
        message, color = f"{untold:,} inconclusive", UNFINISHED
    else:
        message, color = f"{record.count('kept'):,} kept", GOOD
    left, right = _width(label), _width(message)
    title = escape(f"{label}: {message}", quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-label="{title}">'
        f"<title>{title}</title>"
        f'<clipPath id="round"><rect width="{left + right}" height="20" rx="3"/></clipPath>'
        f'<g clip-path="url(#round)"><rect width="{left}" height="20" fill="#444c56"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{color}"/></g>'
        '<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f'<text x="{left / 2:g}" y="14">{escape(label)}</text><text x="{left + right / 2:g}" y="14">{escape(message)}</text>'
        "</g></svg>\n"
    )


def _width(text: str) -> int:
    """About how wide it is at 11 pixels, with a margin."""
    return round(sum(4 if letter in "ijlt.,: " else 7.2 for letter in text)) + 12
