"""Records of the kinds a company made of its own: equipment, student records, whatever else it keeps."""

from sqlalchemy import Index

from chassis.records import Record
from engines.forms import own_kinds
from sales.models.metadata import Base


class CustomRecord(own_kinds.OwnRecord, Record, Base):
    """One record of a kind of the company's own; its class per kind is made by engines.forms.own_kinds."""

    __tablename__ = "custom_record"
    __kind__ = "custom_record"
    __table_args__ = (
        Index("ix_custom_record_object_created_at_id", "object", "created_at", "id"),
        Index("ix_custom_record_object_name", "object", "name"),
    )


own_kinds.host("sales", CustomRecord)
