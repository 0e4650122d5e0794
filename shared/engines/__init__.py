"""What makes a service a configurable CRM: conditions, access, decisions, timeline, notifications, numbers."""
