"""What a file is, read from its content; the name and the sender's word are not trusted."""

import zipfile
from pathlib import Path

HEAD = 4096
UNKNOWN = "application/octet-stream"
TEXT = "text/plain"
_OFFICE = "application/vnd.openxmlformats-officedocument."
_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"%PDF-", "application/pdf"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"OggS", "audio/ogg"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"MZ", "application/x-msdownload"),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"\xfe\xed\xfa", "application/x-mach-binary"),
    (0, b"\xcf\xfa\xed\xfe", "application/x-mach-binary"),
    (0, b"\xca\xfe\xba\xbe", "application/java-vm"),
    (0, b"#!", "text/x-script"),
)
_BRANDS = {b"qt  ": "video/quicktime", b"heic": "image/heic", b"mif1": "image/heif", b"M4A ": "audio/mp4"}
REFUSED = frozenset(
    ("application/x-msdownload", "application/x-executable", "application/x-mach-binary", "application/java-vm",
     "text/x-script")
)  # fmt: skip
PICTURES = frozenset(("image/png", "image/jpeg", "image/gif", "image/webp"))  # shown in pages
_EXPECTED: dict[str, frozenset[str]] = {
    suffix: frozenset(types)
    for suffix, types in {
        "pdf": ("application/pdf",),
        "png": ("image/png",),
        "jpg": ("image/jpeg",),
        "jpeg": ("image/jpeg",),
        "gif": ("image/gif",),
        "webp": ("image/webp",),
        "docx": (_OFFICE + "wordprocessingml.document",),
        "xlsx": (_OFFICE + "spreadsheetml.sheet",),
        "pptx": (_OFFICE + "presentationml.presentation",),
        "doc": ("application/x-ole-storage", "application/rtf"),
        "xls": ("application/x-ole-storage",),
        "ppt": ("application/x-ole-storage",),
        "zip": ("application/zip",),
        "txt": (TEXT,),
        "csv": (TEXT,),
    }.items()
}


def media_type(path: Path) -> str:
    """The type of a file's content; text of any encoding we know is text/plain, what we don't know octet-stream."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _zipped(path)
    if head[:4] == b"RIFF" and len(head) >= 12:
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}.get(head[8:12], UNKNOWN)
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    for offset, magic, found in _MAGIC:
        if head.startswith(magic, offset):
            return found
    return TEXT if _is_text(head) else UNKNOWN


def fits(name: str, found: str) -> bool:
    """Whether a name's ending goes with the content; endings we know nothing of go with any."""
    suffix = name.rpartition(".")[2].lower() if "." in name else ""
    return found in _EXPECTED.get(suffix, {found})


def _zipped(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist()[:2000])
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return UNKNOWN
    if "[Content_Types].xml" in names:
        for folder, kind in (
            ("word/", "wordprocessingml.document"),
            ("xl/", "spreadsheetml.sheet"),
            ("ppt/", "presentationml.presentation"),
        ):
            if any(name.startswith(folder) for name in names):
                return _OFFICE + kind
    return "application/java-archive" if "META-INF/MANIFEST.MF" in names else "application/zip"


def _is_text(head: bytes) -> bool:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    if any(byte < 32 and byte not in (9, 10, 12, 13, 27) for byte in head):
        return False
    for encoding in ("utf-8", "gb18030"):
        for cut in range(4):  # the head may end in the middle of a character
            try:
                head[: len(head) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
            return True
    return False
