"""The default model server: a baseline for topics about a coin's price in US dollars.

`GET /inference/{token}` returns the last price on public exchanges, moved a little against the
change of the past 24 hours. `docs/model.md` has its evaluation.
"""
