"""What the API takes and answers, a file per noun."""
