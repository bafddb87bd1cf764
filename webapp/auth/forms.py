"""The forms, and what is wrong with what was typed."""

import re
import unicodedata

from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, StringField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length

SHORTEST, LONGEST = 12, 128  # characters of a password
JUDGED = 72  # characters that zxcvbn looks at; more would take it long
GOOD = 3  # of 4: at least 10^8 guesses
LOGIN = re.compile(r"[a-z0-9][a-z0-9._+@-]{2,253}")


def clean_login(text: str | None) -> str:
    """The log-in name as it is stored: small letters, no spaces around."""
    return unicodedata.normalize("NFKC", text or "").strip().lower()


def clean_name(text: str | None) -> str:
    """A name for display: one line, no control or direction characters."""
    line = " ".join(unicodedata.normalize("NFC", text or "").split())
    return "".join(c for c in line if unicodedata.category(c)[0] != "C").strip()


def _password(label: str, autocomplete: str) -> PasswordField:
    return PasswordField(
        label,
        [InputRequired(f"{label}: please fill this in."), Length(max=LONGEST)],
        render_kw={"autocomplete": autocomplete},
    )


def _check_new(form: FlaskForm, field: PasswordField) -> None:
    """Refuses passwords that are short, common, or made of what is known about the person."""
    if len(field.data) < SHORTEST:
        raise ValidationError(
            f"This password has {len(field.data)} characters; please take at least {SHORTEST}."
        )
    from zxcvbn import zxcvbn  # holds 12 MB of words: not before somebody chooses a password

    known = [form[name].data for name in ("login", "name") if name in form]
    parts = [part for text in known for part in re.split(r"[\W_]+", text or "")]
    if zxcvbn(field.data[:JUDGED], user_inputs=["ecg-tf", *known, *parts])["score"] < GOOD:
        raise ValidationError(
            "This password is easy to guess; please take a longer one, such as four random words."
        )


class LogIn(FlaskForm):
    """Name and password. Nothing is said about the form of either."""

    login = StringField(
        "E-mail address or log-in name",
        [InputRequired("Please type your log-in name."), Length(max=254)],
        filters=[clean_login],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = _password("Password", "current-password")
    next = HiddenField()


class SignUp(FlaskForm):
    """A new account."""

    name = StringField(
        "Your name",
        [DataRequired("Please type your name."), Length(max=100)],
        filters=[clean_name],
        render_kw={"autocomplete": "name"},
    )
    login = StringField(
        "E-mail address or log-in name",
        [DataRequired("Please choose a log-in name.")],
        filters=[clean_login],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = _password("Password", "new-password")
    invitation = HiddenField()

    def validate_login(self, field: StringField) -> None:
        if not LOGIN.fullmatch(field.data):
            raise ValidationError(
                "Please use 3 to 254 of the letters a to z, digits and . _ + - @, "
                "such as an e-mail address."
            )

    def validate_password(self, field: PasswordField) -> None:
        _check_new(self, field)


class ChangePassword(FlaskForm):
    """The old password, and a new one."""

    current = _password("Current password", "current-password")
    password = _password("New password", "new-password")

    def validate_password(self, field: PasswordField) -> None:
        _check_new(self, field)


class DeleteAccount(FlaskForm):
    """The password again, so that an unwatched screen deletes nothing."""

    current = _password("Your password", "current-password")
