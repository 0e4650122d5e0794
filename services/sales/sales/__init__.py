"""Sales: accounts, opportunities, quotes, contracts and the money they bring in."""
