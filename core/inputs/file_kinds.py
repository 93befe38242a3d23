"""What a file is that is neither a text, a picture nor a dataset, and what to do with it: for files that are
dropped or named where an input is wanted."""

from __future__ import annotations

from os.path import basename, dirname, isdir, isfile, join, splitext
from pathlib import Path

from core.errors import InputError
from core.inputs.film import FILMS
from core.inputs.real_files import check_real_file

PICTURES = (".png", ".jpg", ".jpeg", ".jfif", ".webp", ".tif", ".tiff", ".gif", ".bmp", ".ico", ".avif", ".heic")
WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack")
ONE_FILE = {".gguf": "a model in GGUF", ".ggml": "a model in GGML", ".onnx": "a model in ONNX",
            ".tflite": "a model in TFLite"}  # fmt: skip
DOCUMENTS = {".pdf": "a PDF", ".doc": "a document", ".docx": "a document", ".odt": "a document", ".rtf": "a document",
             ".epub": "a book", ".pptx": "slides", ".html": "a web page", ".htm": "a web page"}  # fmt: skip
TABLES = (".xlsx", ".xls", ".ods", ".parquet", ".arrow", ".feather")
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".7z", ".rar", ".xz", ".bz2", ".whl")
SOUNDS = (".mp3", ".wav", ".flac", ".ogg")
SCORES_MARKS = (
    '"wirescope scores"',
    '"wirescope circuit"',
    '"cfg"',
)  # near the beginning of such files


def model_of(path: str) -> str:
    """The folder of the model that a path is, or whose weights it holds; "" where it is none."""
    folder = path if isdir(path) else dirname(path) if splitext(path)[1].lower() in WEIGHTS else ""
    return folder if folder and (isdir(path) or isfile(join(folder, "config.json"))) else ""


def stranger(path: str) -> tuple[str, str]:
    """What a file is, and what to do; empty for one that may be an input: a text, a picture, or of an ending that says
    nothing."""
    ending = splitext(path)[1].lower()
    if isdir(path) or (not ending and not isfile(path)):
        return (
            "a folder",
            "A model's folder, with config.json in it, opens the model: drop it, or use Open Model Folder.",
        )
    if ending in WEIGHTS:
        return "weights of a model", "Open the folder that they lie in, with config.json beside them."
    if ending in ONE_FILE:
        return ONE_FILE[ending], "Models open as a folder with config.json and safetensors: get the model in that form."
    if ending in DOCUMENTS:
        return DOCUMENTS[ending], "Copy the words that you want as a prompt, and paste them."
    if ending in TABLES:
        return "a table", "Save it as CSV, and open it as a dataset."
    if ending in ARCHIVES:
        return "an archive", "Unpack it first."
    if ending in SOUNDS:
        return "sound", "Models here read text or pictures."
    if ending in FILMS:
        return "a film", "For a model that sees, drop it on the dataset: its frames become rows."
    return "", ""


def stranger_words(path: str) -> tuple[str, str]:
    """As a sentence with the file's name, and what to do; empty for what may be an input."""
    what, hint = stranger(path)
    return (f"{basename(path.rstrip('/')) or path} is {what}, no text and no picture.", hint) if what else ("", "")


def holds_scores(path: str) -> bool:
    """Whether a file looks like one of scores or a circuit."""
    if not path.lower().endswith(".json"):
        return False
    try:
        check_real_file(path)
        with Path(path).open("rb") as file:
            start = file.read(1000).replace(b"\0", b"")  # also of UTF-16
    except (InputError, OSError):
        return False
    return any(mark.encode() in start for mark in SCORES_MARKS)
