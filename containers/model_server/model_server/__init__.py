"""The default model server: a baseline for topics that ask for the price of a coin in US dollars.

It answers `GET /inference/{token}` with a plain number: the last price on public exchanges, moved
a little against the change of the past 24 hours. `docs/model.md` says how good that is.
"""
