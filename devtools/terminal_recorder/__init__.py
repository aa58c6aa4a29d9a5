"""Records terminal sessions, for the README.

record     runs a command in a pseudo-terminal and keeps what it writes, and when
recording  what was kept; as a file, and one after another
screens    what a terminal shows of it, and how long
svg        the same as an animated picture
"""
