"""What reporting listens to: projections only, each group a set of facts that is rebuilt as one."""

from chassis.subscriptions import Subscriptions
from reporting.subscriptions import access, approvals, leads, money, people, sales, service_desk, shares
from reporting.subscriptions import demo as demo  # adds what each group forgets with the demo data

on = Subscriptions()
for part in (leads, sales, money, service_desk, approvals, people, access, shares):
    on.include(part.on)
