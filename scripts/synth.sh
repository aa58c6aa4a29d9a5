#!/bin/sh
# Synthesizes with the project's own Python and Node.js, for any `cdktf` (cdktf.json).
# -O: without jsii's second check of arguments, in Python; the kernel and mypy check them too.
root="$(cd "$(dirname "$0")/.." && pwd)"

has_packages() { "$1" -c 'import importlib.util, sys; sys.exit(not importlib.util.find_spec("constructs"))' 2>/dev/null; }

if [ -x "$root/.venv/bin/cdktf" ]; then # set up
  PATH="$root/.venv/bin:$PATH" exec "$root/.venv/bin/python" -O "$root/main.py"
elif has_packages python; then
  exec python -O "$root/main.py"
elif command -v pipenv >/dev/null; then
  PIPENV_DONT_LOAD_ENV=1 PIPENV_VERBOSITY=-1 exec pipenv run python -O "$root/main.py"
fi
echo "The project's Python packages are not installed here. Run 'make setup', then the same command again." >&2
exit 1
