"""Run the tests level by level: scripts/test.sh.

levels     what each level is
runner     three levels side by side, each with its output in a file
report     what is printed about them
"""
