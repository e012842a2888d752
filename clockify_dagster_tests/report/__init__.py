"""The report: its numbers, its page, its asset, and how it looks in a browser."""
