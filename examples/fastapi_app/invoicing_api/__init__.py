"""An HTTP interface to an invoicing database."""

from __future__ import annotations

from invoicing_api.application import app
from invoicing_api.refusals import RefusedError

__all__ = ["RefusedError", "app"]
