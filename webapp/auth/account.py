"""The pages of one's own account."""

from flask import flash, g, redirect, render_template, url_for
from flask_limiter.util import get_remote_address
from flask_login import current_user, login_required

from webapp.auth import auth, people
from webapp.auth.forms import ChangePassword, DeleteAccount
from webapp.auth.throttle import failed
from webapp.extensions import limiter

WRONG = "This is not your password."


def _own_guesses(view):
    """Ten failed tries: for somebody who found a screen unlocked."""
    key = lambda: f"{current_user.get_id()} {get_remote_address()}"  # noqa: E731
    return limiter.shared_limit(
        "10 per 10 minutes", scope="own", key_func=key, methods=["POST"], deduct_when=failed
    )(view)


@auth.get("/account")
@login_required
def account():
    """What is kept about the person, and what they can change."""
    return _page()


@auth.post("/account/password")
@login_required
@_own_guesses
def change_password():
    """Changes the password; other devices have to log in again."""
    form = ChangePassword(prefix="change")
    if form.validate_on_submit():
        if people.change_password(
            current_user._get_current_object(), form.current.data, form.password.data
        ):
            flash("Your password is changed; other devices are logged out.")
            return redirect(url_for("auth.account"))
        g.try_failed = True
        form.current.errors = [WRONG]
    return _page(change=form), 422


@auth.post("/account/delete")
@login_required
@_own_guesses
def delete_account():
    """Deletes the account and everything in it."""
    form = DeleteAccount(prefix="delete")
    if form.validate_on_submit():
        if people.delete_account(current_user._get_current_object(), form.current.data):
            flash("Your account and everything in it is deleted.")
            return redirect(url_for("auth.log_in"))
        g.try_failed = True
        form.current.errors = [WRONG]
    return _page(delete=form), 422


def _page(change: ChangePassword | None = None, delete: DeleteAccount | None = None) -> str:
    return render_template(
        "auth/account.html",
        change=change or ChangePassword(formdata=None, prefix="change"),
        delete=delete or DeleteAccount(formdata=None, prefix="delete"),
    )
