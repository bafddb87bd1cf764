"""Studies: upload a page, see the answer and why."""

from flask import Blueprint, Flask

from webapp.studies import jobs, tasks
from webapp.studies.incoming import UploadRequest

studies = Blueprint("studies", __name__)


@studies.record_once
def _set_up(state) -> None:
    app: Flask = state.app
    app.request_class = UploadRequest
    jobs.init_app(app, tasks.answer, tasks.explain)


# They add their routes to `studies`.
from webapp.studies import downloads, pages, upload, voice  # noqa: E402, F401
