"""The project file, `.wire`: a zip of `project.json` (`core.project.schema`) with pictures and numbers beside it.

Saving is atomic: the file is written beside its place, brought to the disk, and renamed; on any failure the old one
stays. Reading trusts nothing (`core.project.archive`), and says in one sentence what is wrong.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec

from core.errors import InputError
from core.models.probe import Probe, probe_of
from core.models.probe_store import know
from core.project import schema
from core.project.archive import Archive, damaged, write_archive
from core.project.limits import check_size, limit, picture_hash, probe_digest
from core.project.migrations import migrate
from core.project.packing import pack
from core.project.project import Project
from core.project.unpacking import unpack
from core.saving import save_bytes

NEWER = "Update Wirescope, or open it with the version that saved it."


def save_project(path: Path, project: Project, *, embed: bool = True) -> None:
    """Write a project, whole or not at all. embed: pictures that are given by their paths go along. Raises
    WirescopeError."""
    save_bytes(path, project_bytes(project, embed=embed), lasting=True)


def project_bytes(project: Project, *, embed: bool = True) -> bytes:
    """What the file of a project holds; the same project gives the same bytes. Raises InputError for one that is too
    large."""
    parts = pack(project, embed)
    for name, content in parts.items():
        check_size(name, len(content))
    return write_archive(parts, lambda name: name != "project.json")  # the rest does not become smaller


def load_project(path: Path) -> Project:
    """Read a project of this version or an older one. Raises InputError, with what is wrong with the file."""
    with Archive(path, limit) as archive:
        data = _read_json(archive.read("project.json"), path.name)
        pictures = {
            sha: _picture(archive, name, sha, path.name) for name in archive.names if (sha := picture_hash(name))
        }
        probes = [_probe(archive, name, path.name) for name in archive.names if probe_digest(name)]
        try:
            project = unpack(data, archive.read, pictures)
            for probe in probes:
                know(probe)
            return project
        except InputError as error:
            if error.hint:
                raise
            raise damaged(path.name, error.message.removesuffix(".")) from None


def _picture(archive: Archive, name: str, sha256: str, file: str) -> bytes:
    content = archive.read(name)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise damaged(file, f"its picture {sha256[:12]}… is another one than it says")
    return content


def _probe(archive: Archive, name: str, file: str) -> Probe:
    content = archive.read(name)
    if hashlib.sha256(content).hexdigest() != probe_digest(name):
        raise damaged(file, f"its part {name[:20]}… is another one than it says")
    try:
        return probe_of(content, "its probe")
    except InputError as error:
        raise damaged(file, error.message.removesuffix(".")) from None


def _read_json(content: bytes, name: str) -> schema.ProjectData:
    try:
        header = msgspec.json.decode(content, type=schema.Header)
        if header.format != schema.FORMAT:
            raise damaged(name, f"its format is {header.format[:40]!r}")
        if header.version > schema.VERSION:
            raise InputError(f"{name} was saved by a newer Wirescope (version {header.version} of the file).", NEWER)
        if header.version == schema.VERSION:
            return msgspec.json.decode(content, type=schema.ProjectData)
        old: dict[str, Any] = msgspec.json.decode(content, type=dict[str, Any])
        return msgspec.convert(migrate(old, header.version), type=schema.ProjectData)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError) as error:
        raise damaged(name, f"its project.json does not fit ({str(error)[:160]})") from None
