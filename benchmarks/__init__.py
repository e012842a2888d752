"""How long loads take and what they need; run by `make bench`, not by the tests."""
