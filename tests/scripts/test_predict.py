"""scripts/predict.py: its contract, and what bad files get."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ecg_tf.classifier import load
from ecg_tf.labels import LABELS
from ecg_tf.pages.synthetic import draw

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "predict.py"
KEYS = ["file", "label", "confidence", "probabilities", "decision", "reason", "model", "version"]


def predict(*arguments, cwd=None) -> subprocess.CompletedProcess:
    command = [sys.executable, str(SCRIPT), *map(os.fspath, arguments)]
    return subprocess.run(command, capture_output=True, cwd=cwd, timeout=300)


def lines(found: subprocess.CompletedProcess) -> list[dict]:
    return [json.loads(line) for line in found.stdout.decode().splitlines()]


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.fixture(scope="module")
def page() -> Image.Image:
    return Image.fromarray(draw(5, label="normal", layout="3x4+1", size=(608, 1046)).image)


def bad_files(page: Image.Image) -> dict[bytes, tuple[bytes, str]]:
    """name: (content, code of the error)"""
    from tests.pages.test_read import png_header

    png, jpeg = encoded(page), encoded(page, "JPEG")
    return {
        b"empty.png": (b"", "empty"),
        b"empty.jpg": (b"", "empty"),
        b"text.png": (b"not a picture", "not_an_image"),
        b"page.txt": (b"notes", "not_an_image"),
        b"html.jpg": (b"<html></html>", "not_an_image"),
        b"zip.png": (b"PK\x03\x04" + b"\0" * 99, "not_an_image"),
        b"nulls.png": (b"\0" * 4096, "not_an_image"),
        b"svg.png": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not_an_image"),
        b"gif.gif": (encoded(page.convert("P"), "GIF"), "unsupported_format"),
        b"gif-named.png": (encoded(page.convert("P"), "GIF"), "unsupported_format"),
        b"bmp.bmp": (encoded(page, "BMP"), "unsupported_format"),
        b"tiff.tif": (encoded(page, "TIFF"), "unsupported_format"),
        b"webp.webp": (encoded(page, "WEBP"), "unsupported_format"),
        b"pdf.pdf": (b"%PDF-1.4\n%%EOF", "unsupported_format"),
        b"dicom.dcm": (b"\0" * 128 + b"DICM" + b"\0" * 64, "unsupported_format"),
        b"heic.heic": (b"\0\0\0\x18ftypheic\0\0\0\0", "unsupported_format"),
        b"half.png": (png[: len(png) // 2], "truncated"),
        b"half.jpg": (jpeg[: len(jpeg) // 2], "truncated"),
        b"signature.png": (png[:8], "truncated"),
        b"signature.jpg": (jpeg[:3], "truncated"),
        b"header.png": (png[:33], "truncated"),
        b"flipped-bits.png": (png[:3000] + bytes(b ^ 255 for b in png[3000:]), "truncated"),
        b"bomb.png": (png_header(13_000, 13_000), "too_many_pixels"),
        b"line.png": (encoded(page.resize((1046, 4))), "too_small"),
        b"dot.png": (encoded(page.resize((1, 1))), "too_small"),
        b"not-utf8-\xff\xfe.png": (b"", "empty"),
    }


def odd_but_good(page: Image.Image) -> dict[bytes, bytes]:
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = page.rotate(90, expand=True)  # EXIF 6 asks to turn it back
    return {
        b"cmyk.jpg": encoded(page.convert("CMYK"), "JPEG"),
        b"grey.jpg": encoded(page.convert("L"), "JPEG"),
        b"turned.jpg": encoded(turned, "JPEG", exif=exif),
        b"palette.png": encoded(page.convert("P")),
        b"alpha.png": encoded(page.convert("RGBA")),
        b"deep.png": encoded(Image.fromarray(np.asarray(page.convert("L")).astype("uint16") * 257)),
        b"one-bit.png": encoded(page.convert("1", dither=Image.Dither.NONE)),
        b"upper.PNG": encoded(page),
        b"no-suffix": encoded(page),
        b"jpeg-named.png": encoded(page, "JPEG"),
        b"name with \xf0\x9f\xab\x80 and spaces.png": encoded(page),
    }


def test_bad_files_get_their_error_and_the_others_their_answer(tmp_path, page):
    bad, good = bad_files(page), odd_but_good(page)
    assert len(bad) >= 25
    for name, content in {**{n: c for n, (c, _) in bad.items()}, **good}.items():
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(content)
    (tmp_path / "dangling.png").symlink_to(tmp_path / "gone.png")
    (tmp_path / "empty folder").mkdir()
    found = predict(
        tmp_path, tmp_path / "missing.png", tmp_path / "empty folder", "/dev/null", "--json"
    )
    assert found.returncode == 1
    by_name = {line["file"].rsplit("/", 1)[-1]: line for line in lines(found)}
    for name, (_, code) in bad.items():
        line = by_name[name.decode("utf-8", "backslashreplace")]
        assert set(line) == {"file", "error"} and set(line["error"]) == {"code", "message"}
        assert line["error"]["code"] == code, name
    for name in good:
        assert list(by_name[name.decode()]) == KEYS, by_name[name.decode()]
    assert by_name["dangling.png"]["error"]["code"] == "not_found"
    assert by_name["missing.png"]["error"]["code"] == "not_found"
    assert by_name["empty folder"]["error"]["code"] == "no_pages"
    assert by_name["null"]["error"]["code"] == "not_a_file"
    assert len(by_name) == len(bad) + len(good) + 4
    assert b"Traceback" not in found.stderr


def test_one_wrong_file_among_twenty(tmp_path, page):
    for number in range(19):
        page.resize((523, 304)).save(tmp_path / f"{number:02}.png")
    (tmp_path / "wrong.png").write_text("wrong")
    found = lines(predict(tmp_path, "--json"))
    assert sum("label" in line for line in found) == 19
    assert sum("error" in line for line in found) == 1


def test_a_line_of_json_obeys_the_contract(tmp_path, page):
    page.save(tmp_path / "page.png")
    found = predict(tmp_path / "page.png", "--json")
    assert found.returncode == 0
    (line,) = lines(found)
    card = load().card
    assert list(line) == KEYS and list(line["probabilities"]) == list(LABELS)
    assert sum(line["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    assert line["confidence"] == max(line["probabilities"].values())
    assert line["label"] == max(line["probabilities"], key=line["probabilities"].get)
    assert line["decision"] in ("answer", "refer", "refuse") and line["reason"].endswith(".")
    assert (line["model"], line["version"]) == (card["model"], card["version"])


def test_a_picture_of_something_else_is_refused(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (400, 600, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    (line,) = lines(predict(tmp_path / "noise.png", "--json"))
    assert line["decision"] == "refuse" and "does not look like" in line["reason"]


def test_the_table_says_what_it_is_for(tmp_path, page):
    page.save(tmp_path / "page.png")
    (tmp_path / "wrong.png").write_text("wrong")
    found = predict(tmp_path)
    assert found.returncode == 1
    text = found.stdout.decode()
    assert "Research use only" in text and "error" in text and "page.png" in text.replace("\n", "")


def test_overlays_and_text_are_written(tmp_path, page):
    page.save(tmp_path / "page.png")
    found = predict(tmp_path / "page.png", "--explain", tmp_path / "out")
    assert found.returncode == 0, found.stderr.decode()
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {
        "page-gradcam-traces.png",
        "page-gradcam.png",
        "page-integrated-gradients.png",
        "page-explanation.txt",
    }
    with Image.open(tmp_path / "out" / "page-gradcam.png") as overlay:
        assert overlay.width >= page.width
    text = (tmp_path / "out" / "page-explanation.txt").read_text()
    assert "attended" in text and "research use only" in text.lower()


def test_nothing_to_read():
    found = predict()
    assert found.returncode == 2 and b"at least one file" in found.stderr


def test_real_pages_whole_and_cropped(data, tmp_path):
    names = [path.relative_to(data / "whole") for path in sorted((data / "whole").glob("*/*"))]
    whole = lines(predict(*[data / "whole" / name for name in names], "--json"))
    grid = lines(predict(*[data / "grid" / name for name in names], "--json"))
    assert all(line["decision"] != "refuse" for line in whole + grid)
    same = [a["label"] == b["label"] for a, b in zip(whole, grid, strict=True)]
    assert np.mean(same) >= 0.9
