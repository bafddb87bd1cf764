"""The pages of a stranger: log in, sign up."""

from flask import current_app, flash, g, redirect, render_template, request, url_for
from flask_login import current_user, login_required

from webapp.auth import auth, people
from webapp.auth.forms import LogIn, SignUp
from webapp.auth.redirects import HOME, after_log_in
from webapp.auth.throttle import guesses
from webapp.extensions import limiter


@auth.route("/log-in", methods=["GET", "POST"])
@guesses
def log_in():
    """Asks for name and password; says the same whichever of them is wrong."""
    if current_user.is_authenticated:
        return redirect(url_for(HOME))
    form = LogIn(next=request.args.get("next", ""))
    if form.validate_on_submit():
        user = people.log_in(form.login.data, form.password.data)
        if user is not None:
            return redirect(after_log_in(form.next.data))
        g.try_failed = True
        form.password.errors = ["Name or password is wrong."]
    return page("auth/log_in.html", form)


@auth.route("/sign-up", methods=["GET", "POST"])
@limiter.limit("60 per hour", methods=["POST"])  # a course behind one address signs up, too
def sign_up():
    """Makes an account: open on this machine, by invitation where others can reach the portal."""
    if current_user.is_authenticated:
        return redirect(url_for(HOME))
    form = SignUp(invitation=request.args.get("invitation", ""))
    needed = current_app.config["EXPOSED"]
    if needed and not people.is_invited(form.invitation.data or ""):
        return render_template("auth/by_invitation.html"), 403
    if form.validate_on_submit():
        invitation = form.invitation.data if needed else None
        user = people.sign_up(form.login.data, form.name.data, form.password.data, invitation)
        if user is not None:
            return redirect(url_for(HOME))
        form.login.errors = ["This log-in name is taken; please choose another one."]
    return page("auth/sign_up.html", form)


@auth.post("/log-out")
@login_required
def log_out():
    """Ends the session, here and for every copy of its cookie."""
    people.log_out(current_user.id)
    flash("You are logged out.")
    return redirect(url_for("auth.log_in"))


def page(template: str, form):
    """The page of a form; 422 if what was sent is wrong, so that a program sees it too."""
    return render_template(template, form=form), 422 if form.is_submitted() else 200
