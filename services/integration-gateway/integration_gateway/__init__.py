"""The gateway: who people are, how they log in, what they are told, and every line to another system."""
