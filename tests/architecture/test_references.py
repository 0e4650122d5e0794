"""What is generated from the declarations is up to date: events, settings, metrics, contracts."""

from chassis import metrics, reference, settings


def test_the_generated_references_are_up_to_date():
    stale = [str(path) for path, text in reference.documents() if not path.exists() or path.read_text() != text]
    assert not stale, "run ./crm docs"


def test_every_setting_and_metric_says_what_it_means(services):
    for service in services.values():
        for item in settings.documented(service.settings):
            assert item.metadata.get("doc", "").strip(), f"{service.name}: {item.name}"
    for metric in metrics.declared():
        assert metric.help.strip(), metric.name
        assert metric.name.startswith(("crm_", "http_")), metric.name
