"""A report as a page of HTML that stands alone, on screen and on paper."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from invoicing_reports import wording
from invoicing_reports.charts import HEIGHT
from invoicing_reports.figures import charts_of
from invoicing_reports.money import whole_tenths

if TYPE_CHECKING:
    from invoicing_reports.catalogue import Report


def render_html(report: Report) -> str:
    """Write a report as a page; all that it needs is in it."""
    template = _environment().get_template(f"{report.name}.html.jinja")
    return template.render(report=report, charts=charts_of(report))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("invoicing_reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    writers = (
        wording.money,
        wording.number,
        wording.percent,
        wording.rate,
        wording.short_date,
        wording.long_date,
        whole_tenths,
    )
    environment.filters.update({writer.__name__: writer for writer in writers})
    environment.globals["chart_height"] = HEIGHT
    return environment
