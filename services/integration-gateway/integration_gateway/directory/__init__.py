"""People, departments, roles and absences: what the gateway owns and every service keeps a replica of."""
