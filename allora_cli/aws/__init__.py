"""AWS as the commands use it: sessions, queries, prices."""
