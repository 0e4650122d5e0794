"""Tickets, queues, service levels in business time, replies, knowledge and surveys."""
