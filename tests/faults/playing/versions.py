"""New releases, new subscriptions, and a service that comes back from an older backup."""

from tests.faults import release, restoring
from tests.faults.catalogue import fault
from tests.faults.family import SERVICES
from tests.faults.stage import Stage

FACTS = "lead_facts"


@fault("a new release: rolling restart, migrations, a new subscription", late=True)
def new_release(stage: Stage) -> None:
    """Each service in turn is ended, migrated and started from a newer tree while the others go on."""
    stage.wait(0.5)
    tree = release.make(stage.scratch / "release")
    for service in SERVICES:
        names = [child.name for child in stage.family.of(service)]
        stage.family.stop(*names)
        stage.family.move_to(tree, names)
        stage.family.run("migrate", service, environment=release.environment(tree))
        stage.family.start(*names)
        stage.family.wait_ready(names)
    stage.family.environment = stage.family.environment | release.environment(tree)
    stage.expect_subscriber(release.SUBSCRIBER, release.GROUP, source="leads")
    stage.audit.newcomer = True


@fault("a subscription that begins from nothing")
def new_subscription(stage: Stage) -> None:
    """A projection without rows and without a cursor fills itself from the log while that grows."""
    stage.wait(0.5)
    stage.family.stop("reporting-worker")
    stage.books.change("reporting", "DELETE FROM fact_lead")
    stage.books.change("reporting", f"DELETE FROM event_cursors WHERE group_name = '{FACTS}'")
    stage.books.change("reporting", f"DELETE FROM event_applied WHERE group_name = '{FACTS}'")
    stage.family.start("reporting-worker")
    stage.wait(2.0)


@fault("leads is restored from an older backup", late=True)
def restored(stage: Stage) -> None:
    """What it answered since is gone, by nature; its subscribers have heard more than its log holds."""
    stage.wait(1.0)
    backup = restoring.back_up(stage, "leads")
    stage.wait(3.0)
    restoring.restore(stage, backup)
    stage.wait(3.0)


@fault("leads is restored twice while a subscriber is away", late=True)
def restored_twice(stage: Stage) -> None:
    """The subscriber knows the log before the first restore, and next meets it after the second."""
    stage.wait(1.0)
    first = restoring.back_up(stage, "leads")
    stage.wait(2.5)
    stage.family.stop("reporting-worker")
    restoring.restore(stage, first)
    stage.wait(3.0)
    second = restoring.back_up(stage, "leads")
    stage.wait(1.5)
    restoring.restore(stage, second)
    stage.wait(1.0)
    stage.family.start("reporting-worker")
    stage.wait(1.0)
