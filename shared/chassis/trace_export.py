"""Export of sampled spans by OTLP over HTTP; the only module that imports OpenTelemetry's SDK."""

from collections.abc import Mapping
from typing import Any

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from chassis.settings import Settings

_KINDS = {kind.name.lower(): kind for kind in trace.SpanKind}


class Exporter:
    """A tracer provider with a batching OTLP exporter. Whether to sample was decided before it is asked."""

    def __init__(self, settings: Settings):
        resource = Resource.create({"service.name": settings.service, "service.namespace": "crm"})
        self.provider = TracerProvider(sampler=ALWAYS_ON, resource=resource)
        endpoint = settings.trace_endpoint.rstrip("/")
        if not endpoint.endswith("/v1/traces"):
            endpoint += "/v1/traces"
        self.provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, timeout=5)))
        self.tracer = self.provider.get_tracer("crm")

    def start(
        self, name: str, kind: str, above: tuple[str, str, bool] | None, attributes: Mapping[str, Any] | None
    ) -> trace.Span:
        """Open a span; `above` is (trace id, span id, sampled) of its parent."""
        context = None
        if above is not None:
            parent = trace.SpanContext(int(above[0], 16), int(above[1], 16), True, trace.TraceFlags(1))
            context = trace.set_span_in_context(trace.NonRecordingSpan(parent))
        return self.tracer.start_span(name, context=context, kind=_KINDS[kind], attributes=attributes)

    def fail(self, span: trace.Span, error: BaseException) -> None:
        """Mark as failed by type only: messages may hold personal data."""
        span.set_status(trace.StatusCode.ERROR, type(error).__name__)

    def stop(self) -> None:
        self.provider.shutdown()
