#!/usr/bin/env bats
# scripts/debian_packages.sh, with an apt-get that writes down what it is asked for.

# shellcheck disable=SC2016 # the text of a command expands when the command runs

setup() {
  export HERE="$BATS_TEST_TMPDIR" LOCK_SECONDS=60
  export PATH="$HERE:$PATH"
  command_of dpkg-query 'grep -qx "${@: -1}" "$HERE/installed" && printf installed'
  command_of apt-get 'printf "%s\n" "$*" >>"$HERE/calls"
    case "$*" in
      *update*)
        if [[ -e $HERE/locked ]]; then rm "$HERE/locked"; echo "E: Could not get lock /var/lib/apt/lists/lock" >&2; exit 100; fi
        if [[ -e $HERE/offline ]]; then echo "E: no route" >&2; exit 100; fi
        touch "$HERE/lists" ;;
      *install*)
        if [[ ! -e $HERE/lists ]]; then echo "E: Unable to locate package" >&2; exit 100; fi ;;
    esac'
  printf 'here\n' >"$HERE/installed"
}

# command_of NAME BODY: a command of the test in the place of the real one.
command_of() {
  printf '#!/usr/bin/env bash\n%s\n' "$2" >"$HERE/$1"
  chmod +x "$HERE/$1"
}

install_packages() { run "$BATS_TEST_DIRNAME/../../scripts/debian_packages.sh" "$@"; }

@test "all are there: nothing is said, and apt-get not asked" {
  install_packages here
  [ "$status" -eq 0 ]
  [ -z "$output" ]
  [ ! -e "$HERE/calls" ]
}

@test "those that are missing are named and installed, without an update when none is needed" {
  touch "$HERE/lists"
  install_packages here one two
  [ "$status" -eq 0 ]
  [ "$output" = "Installing missing Debian packages: one two" ]
  [ "$(wc -l <"$HERE/calls")" -eq 1 ]
  [[ "$(<"$HERE/calls")" == *"--no-install-recommends"*"DPkg::Lock::Timeout=60 install one two" ]]
}

@test "no lists of packages: they are fetched, then it is tried again" {
  install_packages one
  [ "$status" -eq 0 ]
  [[ "$(sed -n 2p "$HERE/calls")" == *update ]]
  [[ "$(sed -n 3p "$HERE/calls")" == *"install one" ]]
}

@test "another apt-get has the lock of the lists: it is waited for" {
  touch "$HERE/locked"
  install_packages one
  [ "$status" -eq 0 ]
  [ "$(grep -c update "$HERE/calls")" -eq 2 ]
}

@test "no way to the archive: one sentence with apt's own reason" {
  touch "$HERE/offline"
  install_packages one
  [ "$status" -eq 1 ]
  [ "${lines[-1]}" = "✘ apt-get could not install them: E: no route" ]
}

@test "no apt-get: the packages are named" {
  local commands="$HERE/commands" name
  mkdir "$commands"
  for name in bash env mktemp rm; do ln -s "$(command -v "$name")" "$commands/$name"; done
  run env -i PATH="$commands" bash "$BATS_TEST_DIRNAME/../../scripts/debian_packages.sh" one two
  [ "$status" -eq 1 ]
  [ "$output" = "✘ Install these Debian packages, or their equivalents: one two" ]
}
