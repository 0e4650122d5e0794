"""`./crm up`: all services, their databases and one front door as a family of processes on one machine."""
