"""Records commands in a terminal as an animated picture, for the README, with termtosvg.

__main__   records and renders: `python -m devtools.terminal_recorder --help`
typist     types the commands in the recorded terminal, and runs them
template   the picture's window, colours and font
"""
