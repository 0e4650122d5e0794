"""Django REST Framework doing what the services' hot paths do: no middleware, JSON only, kept connections, no count.

`create` makes the tables and prints a token; gunicorn serves `application`.
"""

import os
import uuid
from urllib.parse import urlsplit

import django
import jwt
import orjson
from django.conf import settings

_url = urlsplit(os.environ["BENCH_DATABASE"])
settings.configure(
    SECRET_KEY=os.environ["BENCH_SECRET"],
    ROOT_URLCONF="tests.bench.peers.drf_peer",
    ALLOWED_HOSTS=["*"],
    MIDDLEWARE=[],
    INSTALLED_APPS=["rest_framework"],
    USE_TZ=True,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": _url.hostname,
            "PORT": _url.port,
            "USER": _url.username,
            "PASSWORD": _url.password or "",
            "NAME": _url.path[1:],
            "CONN_MAX_AGE": None,
        }
    },
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
        "UNAUTHENTICATED_USER": None,
    },
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402 - Django must be configured before its models
from django.db import connection, models, transaction  # noqa: E402
from django.db.models import Q  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402
from rest_framework import generics, pagination, renderers, serializers  # noqa: E402
from rest_framework.authentication import BaseAuthentication  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402


class Person:
    is_authenticated = True


class Bearer(BaseAuthentication):
    """A signed token and no query, the cheapest log-in there is."""

    def authenticate(self, request):
        _scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        claims = jwt.decode(token, settings.SECRET_KEY, algorithms=["HS256"])
        return Person(), claims


class Json(renderers.BaseRenderer):
    media_type, format, charset = "application/json", "json", None

    def render(self, data, accepted_media_type=None, renderer_context=None):
        return b"" if data is None else orjson.dumps(data, default=str)


def _id() -> str:
    return str(uuid.uuid4())


class Lead(models.Model):
    """The columns of ours, with its indexes."""

    id = models.CharField(primary_key=True, max_length=36, default=_id)
    name = models.CharField(max_length=100, blank=True)
    company = models.CharField(max_length=200, blank=True)
    title = models.CharField(max_length=100, blank=True)
    phone = models.CharField(max_length=20, blank=True, db_index=True)
    email = models.CharField(max_length=200, blank=True, db_index=True)
    wechat = models.CharField(max_length=60, null=True)
    address = models.CharField(max_length=300, blank=True)
    message = models.TextField(blank=True)
    credit_code = models.CharField(max_length=18, null=True)
    source = models.CharField(max_length=40, default="api")
    channel = models.CharField(max_length=40, null=True)
    referrer_url = models.CharField(max_length=1000, null=True)
    country = models.CharField(max_length=2, null=True)
    province = models.CharField(max_length=40, null=True)
    city = models.CharField(max_length=60, null=True)
    region = models.CharField(max_length=40, null=True)
    industry = models.CharField(max_length=60, null=True)
    company_size = models.CharField(max_length=20, null=True)
    budget = models.DecimalField(max_digits=15, decimal_places=2, null=True)
    consent = models.JSONField(default=dict)
    tags = models.JSONField(default=list)
    custom = models.JSONField(default=dict)
    status = models.CharField(max_length=20, default="new")
    score = models.IntegerField(default=0)
    owner_id = models.CharField(max_length=36, null=True, db_index=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "bench"
        indexes = [
            models.Index(fields=["created_at", "id"], name="lead_created"),
            models.Index(fields=["status", "created_at", "id"], name="lead_status"),
            models.Index(fields=["score", "id"], name="lead_score"),
        ]


class Activity(models.Model):
    id = models.CharField(primary_key=True, max_length=36, default=_id)
    lead = models.ForeignKey(Lead, models.CASCADE)
    kind = models.CharField(max_length=40)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "bench"


class Opportunity(models.Model):
    id = models.CharField(primary_key=True, max_length=36, default=_id)
    name = models.CharField(max_length=200)
    amount = models.DecimalField(max_digits=15, decimal_places=2)
    stage = models.CharField(max_length=60)
    probability = models.SmallIntegerField()
    owner_id = models.CharField(max_length=36, null=True, db_index=True)
    done = models.JSONField(default=list)
    custom = models.JSONField(default=dict)
    version = models.IntegerField(default=1)
    stage_entered_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "bench"


class StageHistory(models.Model):
    id = models.CharField(primary_key=True, max_length=36, default=_id)
    opportunity = models.ForeignKey(Opportunity, models.CASCADE)
    from_stage = models.CharField(max_length=60)
    to_stage = models.CharField(max_length=60)
    at = models.DateTimeField(default=timezone.now)
    seconds = models.BigIntegerField()

    class Meta:
        app_label = "bench"


class Event(models.Model):
    id = models.BigAutoField(primary_key=True)
    event_id = models.CharField(max_length=36, default=_id, unique=True)
    type = models.CharField(max_length=120)
    subject = models.CharField(max_length=100)
    at = models.DateTimeField(default=timezone.now)
    data = models.JSONField()

    class Meta:
        app_label = "bench"


class LeadSerializer(serializers.ModelSerializer):
    class Meta:
        model = Lead
        fields = "__all__"
        read_only_fields = ("status", "score", "owner_id", "created_at", "updated_at")


class Newest(pagination.CursorPagination):
    page_size = 50
    ordering = ("-created_at", "-id")


class Leads(generics.ListCreateAPIView):
    authentication_classes, renderer_classes = [Bearer], [Json]
    serializer_class = LeadSerializer
    pagination_class = Newest

    def get_queryset(self):
        return Lead.objects.filter(status=self.request.query_params["status"])

    def create(self, request, *args, **kwargs):
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = serializer.validated_data
        with transaction.atomic():
            Lead.objects.filter(Q(phone=given["phone"]) | Q(email=given["email"])).values("id", "name").first()
            lead = serializer.save()
            Activity.objects.create(lead=lead, kind="captured")
            Event.objects.create(type="lead.captured", subject=f"lead/{lead.id}", data=serializer.data)
        return Response(serializer.data, status=201)


class Move(APIView):
    """The gate asks for an amount, as ours does for what the stage demands."""

    authentication_classes, renderer_classes = [Bearer], [Json]

    def post(self, request, id):
        with transaction.atomic():
            deal = Opportunity.objects.select_for_update().get(id=id)
            if deal.amount is None:
                raise serializers.ValidationError({"amount": "required"})
            now, before = timezone.now(), deal.stage
            seconds = int((now - deal.stage_entered_at).total_seconds())
            deal.stage, deal.stage_entered_at, deal.updated_at = request.data["stage"], now, now
            deal.version += 1
            deal.save(update_fields=["stage", "stage_entered_at", "updated_at", "version"])
            StageHistory.objects.create(
                opportunity=deal, from_stage=before, to_stage=deal.stage, at=now, seconds=seconds
            )
            data = {"id": id, "from": before, "to": deal.stage, "seconds": seconds}
            Event.objects.create(type="opportunity.moved", subject=f"opportunity/{id}", data=data)
        return Response(
            {"id": deal.id, "name": deal.name, "amount": deal.amount, "stage": deal.stage, "version": deal.version,
             "probability": deal.probability, "owner_id": deal.owner_id, "custom": deal.custom,
             "stage_entered_at": deal.stage_entered_at, "updated_at": deal.updated_at}
        )  # fmt: skip


urlpatterns = [path("leads", Leads.as_view()), path("opportunities/<str:id>/move", Move.as_view())]
application = get_wsgi_application()


def create() -> None:
    with connection.schema_editor() as editor:
        for model in (Lead, Activity, Opportunity, StageHistory, Event):
            editor.create_model(model)
    print(jwt.encode({"sub": "bench"}, settings.SECRET_KEY, algorithm="HS256"))
