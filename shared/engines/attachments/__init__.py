"""Files of records: kept once per content, checked as they come in, served so that a browser runs nothing of them."""
