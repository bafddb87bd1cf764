"""The gallery: one page under every method of explanation, side by side."""

from flask import Blueprint

from webapp.gallery import jobs, tasks

gallery = Blueprint("gallery", __name__)


@gallery.record_once
def _set_up(state) -> None:
    jobs.init_app(state.app, tasks.make)


# They add their routes to `gallery`.
from webapp.gallery import pages  # noqa: E402, F401
