"""The wire: export, the embedded model server, the client, and files for the real server."""
