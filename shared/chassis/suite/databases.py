"""One database per service: a file in the data folder, or made on the PostgreSQL server that `--database` names."""

from urllib.parse import quote, unquote, urlsplit, urlunsplit

from chassis.places import places
from chassis.revisions import plain
from chassis.suite.errors import SuiteError
from chassis.suite.folder import Folder

PREFIX = "crm"


def urls(server: str, folder: Folder) -> dict[str, str]:
    """Service → database URL. `postgresql://host/` makes crm_leads …, `postgresql://host/acme` makes acme_leads …"""
    if not server:
        return {place.name: f"sqlite:///{folder.path / (place.name + '.db')}" for place in places()}
    parts = urlsplit(plain(server))
    if parts.scheme not in ("postgresql", "postgres"):
        raise SuiteError(f"--database takes postgresql://user@host:5432/, not {server!r}")
    prefix = unquote(parts.path.strip("/")) or PREFIX
    return {
        place.name: urlunsplit(
            ("postgresql", parts.netloc, "/" + quote(f"{prefix}_{place.package}"), parts.query, parts.fragment)
        )
        for place in places()
    }


def create(urls_of: dict[str, str]) -> list[str]:
    """Make the databases that a PostgreSQL server lacks; returns their names. SuiteError when it can't be done."""
    servers = [url for url in urls_of.values() if not url.startswith("sqlite:")]
    if not servers:
        return []
    import psycopg
    from psycopg import sql

    wanted = names(urls_of)
    made = []
    try:
        with psycopg.connect(_maintenance(servers[0]), autocommit=True, connect_timeout=5) as connection:
            there = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
            for name in wanted:
                if name in there:
                    continue
                statement = sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0").format(
                    sql.Identifier(name)
                )
                try:
                    connection.execute(statement)
                    made.append(name)
                except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                    continue  # another suite made it in this moment
    except psycopg.errors.InsufficientPrivilege:
        raise SuiteError(
            f"this database user may not make databases; make them yourself: {', '.join(wanted)}"
        ) from None
    except psycopg.Error as problem:
        raise SuiteError(f"PostgreSQL does not answer as it should: {str(problem).strip()}") from None
    return made


def names(urls_of: dict[str, str]) -> list[str]:
    """The databases on the PostgreSQL server."""
    return [unquote(urlsplit(url).path.strip("/")) for url in urls_of.values() if not url.startswith("sqlite:")]


def _maintenance(url: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path="/postgres"))
