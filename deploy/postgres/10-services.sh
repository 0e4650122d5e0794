#!/bin/sh
# One database and one role per service, none of which sees another's. Safe to run again; sets the passwords anew.
# Needs <SERVICE>_DATABASE_PASSWORD for each; psql's own variables (PGHOST …) say where the server is.
set -eu
prefix="${DATABASE_PREFIX:-crm}"

while read -r service password; do
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
        --set name="${prefix}_${service}" --set password="$password" --file - <<'SQL'
SELECT format('CREATE ROLE %I LOGIN', :'name')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
ALTER ROLE :"name" PASSWORD :'password';
SELECT format('CREATE DATABASE %I OWNER %I ENCODING ''UTF8'' TEMPLATE template0', :'name', :'name')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
done <<END
leads ${LEADS_DATABASE_PASSWORD:?}
sales ${SALES_DATABASE_PASSWORD:?}
service_desk ${SERVICE_DESK_DATABASE_PASSWORD:?}
approvals ${APPROVALS_DATABASE_PASSWORD:?}
reporting ${REPORTING_DATABASE_PASSWORD:?}
integration_gateway ${GATEWAY_DATABASE_PASSWORD:?}
END
