"""The roles every installation needs, and the directory of the demo company."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from integration_gateway import clients, demo_people, passwords, signing_keys
from integration_gateway import company as companies
from integration_gateway.connectors import seed as connectors_seed
from integration_gateway.directory import departments, roles, users
from integration_gateway.models import Credential, Department, Role
from integration_gateway.shipped_roles import ROLES


def ship_roles(session: Session) -> None:
    """Add the shipped roles that are missing; those a company changed stay as they are."""
    present = set(session.scalars(select(Role.key)))
    for key, role in ROLES.items():
        if key not in present:
            roles.create(session, key=key, name=role["name"], grants=role["grants"], shipped=True)


def run(session: Session) -> None:
    """The demo company: its tree, its twelve people with one common password, and a machine client."""
    signing_keys.ensure(session)
    ship_roles(session)
    company = demo_people.load()
    for item in company["departments"]:
        departments.create(session, id=item["id"], name=item["name"]["zh"], parent_id=item["parent_id"])
    secret = passwords.hashed(company["password"])
    for person in company["people"]:
        users.create(
            session,
            id=person["id"],
            name=person["name"]["zh"],
            email=person["email"],
            title=person["position"]["zh"],
            locale=person["locale"],
            department_id=person["department_id"],
            roles=person["roles"],
        )
        session.get_one(Credential, person["id"]).password_hash = secret
    for item in company["departments"]:
        departments.change(session, session.get_one(Department, item["id"]), head_id=item["head_id"])
    for client in company["clients"]:
        clients.create(
            session,
            id=client["id"],
            client_id=client["client_id"],
            name=client["name"],
            secret=client["secret"],
            scopes=client["scopes"],
            roles=client["roles"],
        )
    companies.save(
        session, by="system", name=company["company"]["name"]["zh"], time_zone=company["company"]["time_zone"],
        legal_entities=[{"name": company["company"]["name"]["zh"], "credit_code": "", "erp_organisation": ""}],
    )  # fmt: skip
    companies.choose_pipeline(session, "standard", by="system")
    companies.finish(session, by="system")
    connectors_seed.run(session)
