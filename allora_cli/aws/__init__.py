"""AWS sessions, queries and prices."""
