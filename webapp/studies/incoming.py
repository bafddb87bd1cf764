"""Where the body of an upload goes while it arrives: to disk, into a file without a name."""

import tempfile
from typing import IO

from flask import Request, current_app


class UploadRequest(Request):
    """Streams every file of a form into the state folder, whatever its size: memory stays small,
    and a file that has no name is gone when the request is, even if the process is killed."""

    def _get_file_stream(
        self, total_content_length, content_type, filename=None, content_length=None
    ) -> IO[bytes]:
        folder = current_app.config["STATE"] / "incoming"
        folder.mkdir(mode=0o700, exist_ok=True)
        file = tempfile.TemporaryFile("rb+", dir=folder)
        self.__dict__.setdefault("arriving", []).append(file)
        return file

    def close(self) -> None:
        """Closes all of them, those of a body that was refused half-way, too."""
        for file in self.__dict__.pop("arriving", ()):
            file.close()
        super().close()
