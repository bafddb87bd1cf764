"""The security headers of every answer."""

from flask import Flask, Response

from webapp.extensions import talisman

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' blob:",  # blob: the thumbnail of a file that was just chosen
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
FEATURES = {name: "()" for name in ("camera", "geolocation", "microphone", "payment", "usb")}


def init_app(app: Flask) -> None:
    """No inline code, no frame, no other site; HTTPS only where others can reach the portal."""
    exposed = app.config["EXPOSED"]
    talisman.init_app(
        app,
        content_security_policy=POLICY,
        permissions_policy=FEATURES,
        frame_options="DENY",
        referrer_policy="same-origin",  # CSRF over HTTPS compares the referrer
        force_https=exposed,
        force_https_permanent=True,
        strict_transport_security=exposed,
        session_cookie_secure=exposed,
        session_cookie_samesite="Lax",
    )
    app.after_request(_keep_private)


def _keep_private(response: Response) -> Response:
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"  # pages hold patient data
    return response
