#!/bin/sh
# Prints the settings of a new installation with fresh secrets: deploy/new-env.sh https://crm.example.com > .env
set -eu
umask 077

secret() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

cat <<END
# Settings and secrets of this installation. Keep a copy where backups are kept: without the secret keys, what the
# databases hold encrypted can't be read.
CRM_PUBLIC_URL=${1:-http://127.0.0.1:8000}
CRM_LISTEN=127.0.0.1:8000
CRM_TIME_ZONE=Asia/Shanghai
POSTGRES_PASSWORD=$(secret)
RABBITMQ_PASSWORD=$(secret)
GRAFANA_PASSWORD=$(secret)
END
for service in LEADS SALES SERVICE_DESK APPROVALS REPORTING GATEWAY; do
    echo "${service}_DATABASE_PASSWORD=$(secret)"
    echo "${service}_SECRET_KEY=$(secret)"
done
