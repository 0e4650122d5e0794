"""Files: what comes in is checked and kept once, what goes out runs nowhere, what nobody has any more is removed."""

import hashlib
import io
import zipfile
from pathlib import Path

import pytest
from minio import Minio
from sqlalchemy import select

from chassis import clock
from chassis.caller import Caller
from chassis.db import Database
from chassis.errors import Invalid, NotFound, TooLarge
from chassis.settings import Settings, SettingsError
from chassis.testing import Time
from engines.attachments import keeping, serving, sniffing, storage
from engines.attachments.models import Attachment, Blob
from engines.attachments.s3 import Bucket, StorageUnavailable
from tests.fakes import s3

SELLER = Caller(id="u-1", kind="user")
LEAD = {"subject_kind": "lead", "subject_id": "l-1"}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


def zipped(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return made.getvalue()


def keep(database: Database, place: storage.Store, content: bytes, name: str = "a.bin", **subject: str) -> str:
    with keeping.received(io.BytesIO(content), name, limit=10_000_000) as file:
        blob = keeping.store(database, place, file)
        with database.transaction() as session:
            return keeping.attach(session, blob, caller=SELLER, name=file.name, limit=5, **(LEAD | subject)).id


def contents(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0" + bytes(9), "image/jpeg"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"%PDF-1.7 ...", "application/pdf"),
        (zipped("[Content_Types].xml", "word/document.xml"), sniffing._OFFICE + "wordprocessingml.document"),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), sniffing._OFFICE + "spreadsheetml.sheet"),
        (zipped("a.txt"), "application/zip"),
        (b"PK\x03\x04 broken", "application/octet-stream"),
        ("报价单,金额\n".encode("gb18030"), "text/plain"),
        ("客户名称".encode()[:-1], "text/plain"),
        (b"<html><script>alert(1)</script>", "text/plain"),
        (b"\x00\x01\x02\x03", "application/octet-stream"),
        (b"MZ\x90\0", "application/x-msdownload"),
    ],
)
def test_a_type_is_read_from_the_content(tmp_path: Path, content: bytes, kind: str) -> None:
    (tmp_path / "f").write_bytes(content)
    assert sniffing.media_type(tmp_path / "f") == kind


@pytest.mark.parametrize(
    ("content", "name"),
    [(b"", "a.txt"), (b"MZ\x90\0\0\0", "invoice.pdf"), (b"#!/bin/sh\nrm", "notes.txt"), (PNG, "contract.pdf")],
)
def test_empty_files_programs_and_wrong_names_are_refused(content: bytes, name: str) -> None:
    with pytest.raises(Invalid) as refused, keeping.received(io.BytesIO(content), name, limit=1000):
        pass
    assert refused.value.errors is not None
    assert "file" in refused.value.errors


def test_a_file_that_is_too_large_is_refused_before_it_is_whole() -> None:
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            self.given += size
            return b"x" * size

    stream = Endless()
    with pytest.raises(TooLarge), keeping.received(stream, "a.txt", limit=1_000_000):  # type: ignore[arg-type]
        pass
    assert stream.given < 1_200_000


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"), ("C:\\x\\报价.xlsx", "报价.xlsx"), ("a\r\nb\u202egnp.exe", "abgnp.exe"), ("", "file"),
        (None, "file"), ("x" * 300 + ".pdf", "x" * 187 + ".pdf"), ("...", "file"),
    ],
)  # fmt: skip
def test_names_lose_folders_and_what_deceives(name: str | None, kept: str) -> None:
    assert keeping.clean_name(name) == kept


def test_the_same_content_is_kept_once_and_goes_when_its_last_record_drops_it(
    database: Database, tmp_path: Path, time: Time
) -> None:
    place = storage.Folder(tmp_path / "files")
    first, second = keep(database, place, PNG), keep(database, place, PNG, subject_id="l-2")
    (path,) = contents(tmp_path / "files")
    assert hashlib.sha256(PNG).hexdigest() in path.name
    for gone, left in ((first, 1), (second, 0)):
        with database.transaction() as session:
            keeping.remove(session, session.get_one(Attachment, gone), caller=SELLER)
        assert keeping.sweep(database, place) == 0  # within its hour of grace
        time.pass_(hours=2)
        keeping.sweep(database, place)
        assert len(contents(tmp_path / "files")) == left
    with database.reading() as session:
        assert session.scalars(select(Blob)).all() == []


def test_an_upload_that_meets_a_sweep_gets_a_content_of_its_own(database: Database, tmp_path: Path, time: Time) -> None:
    place = storage.Folder(tmp_path / "files")
    with keeping.received(io.BytesIO(PNG), "a.png", limit=1000) as file:
        old = keeping.store(database, place, file)
        time.pass_(hours=2)
        with database.transaction() as session:  # a sweep doomed it and died before it removed the bytes
            session.get_one(Blob, old.id).doomed_at = clock.now()
        new = keeping.store(database, place, file)
        assert new.id != old.id
        with database.transaction() as session:
            keeping.attach(session, new, caller=SELLER, name="a.png", limit=5, **LEAD)
    assert keeping.sweep(database, place) == 1
    assert b"".join(place.read(new.key)) == PNG


def test_a_record_has_so_many_files_and_no_more(database: Database, tmp_path: Path) -> None:
    place = storage.Folder(tmp_path / "files")
    for number in range(5):
        keep(database, place, PNG, f"{number}.png")
    with pytest.raises(keeping.TooManyFiles):
        keep(database, place, PNG, "6.png")


def test_a_broken_off_upload_is_put_again(database: Database, tmp_path: Path) -> None:
    class Broken(storage.Folder):
        def put(self, key: str, path: Path, *, sha256: str, size: int) -> None:
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        keep(database, Broken(tmp_path / "files"), PNG)
    whole = storage.Folder(tmp_path / "files")
    keep(database, whole, PNG)
    assert len(contents(tmp_path / "files")) == 1


def bucket(url: str, *, secret: str = s3.SECRET) -> Bucket:
    return Bucket(url, s3.BUCKET, prefix="crm/leads", region=s3.REGION, key_id=s3.KEY_ID, secret=secret)


def test_s3_keeps_reads_and_removes_and_an_independent_client_agrees(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(PNG)
    digest = hashlib.sha256(PNG).hexdigest()
    with s3.Running(fake := s3.S3Fake()) as url:
        ours = bucket(url)
        ours.put("ab/文件 +~1", tmp_path / "f", sha256=digest, size=len(PNG))
        assert b"".join(ours.read("ab/文件 +~1")) == PNG
        peer = Minio(
            url.removeprefix("http://"), access_key=s3.KEY_ID, secret_key=s3.SECRET, region=s3.REGION, secure=False
        )
        answer = peer.get_object(s3.BUCKET, "crm/leads/ab/文件 +~1")
        assert answer.read() == PNG
        answer.close()
        assert [item.object_name for item in peer.list_objects(s3.BUCKET, prefix="crm/", recursive=True)] == [
            "crm/leads/ab/文件 +~1"
        ]
        peer.put_object(s3.BUCKET, "crm/leads/theirs", io.BytesIO(b"hello"), 5)
        assert b"".join(ours.read("theirs")) == b"hello"
        ours.remove("ab/文件 +~1")
        ours.remove("ab/文件 +~1")
        with pytest.raises(NotFound):
            ours.read("ab/文件 +~1")
        peer.remove_object(s3.BUCKET, "crm/leads/theirs")
        assert fake.objects == {}


def test_s3_refuses_a_wrong_key_and_a_changed_content_and_a_short_outage_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(PNG)
    digest = hashlib.sha256(PNG).hexdigest()
    with s3.Running(fake := s3.S3Fake()) as url:
        with pytest.raises(StorageUnavailable):
            bucket(url, secret="wrong").put("k", tmp_path / "f", sha256=digest, size=len(PNG))
        with pytest.raises(StorageUnavailable):
            bucket(url).put("k", tmp_path / "f", sha256="0" * 64, size=len(PNG))
        assert fake.objects == {}
        fake.failing = 2
        bucket(url).put("k", tmp_path / "f", sha256=digest, size=len(PNG))
        assert b"".join(bucket(url).read("k")) == PNG
    with pytest.raises(StorageUnavailable):
        bucket(url).read("k")


def test_the_setting_names_a_folder_or_a_bucket(tmp_path: Path) -> None:
    plain = Settings(service="leads", data=str(tmp_path))
    assert isinstance(storage.of(plain), storage.Folder)
    named = Settings(
        service="leads", attachments="s3://files/crm", s3_endpoint="https://s3.example", s3_key_id="k", s3_secret="s"
    )
    place = storage.of(named)
    assert isinstance(place, Bucket)
    assert (place.origin, place.base) == ("https://s3.example", "/files/crm/leads")
    for wrong in ("s3://files", "ftp://x/y"):
        with pytest.raises(SettingsError):
            storage.of(Settings(service="leads", attachments=wrong))


def test_a_name_is_told_in_both_notations() -> None:
    assert serving.disposition('报价"1.pdf', "attachment") == (
        "attachment; filename=\"___1.pdf\"; filename*=UTF-8''%E6%8A%A5%E4%BB%B7%221.pdf"
    )
