#!/usr/bin/env bash
# Installs those of some Debian packages that are missing, after it has named them. Run by root.
#
#   scripts/debian_packages.sh PACKAGE...
set -euo pipefail

readonly LOCK_SECONDS="${LOCK_SECONDS:-600}" # for another apt-get to end
LOG=$(mktemp)
readonly LOG
trap 'rm -f "$LOG"' EXIT

main() {
  local -a missing
  mapfile -t missing < <(missing_of "$@")
  ((${#missing[@]})) || return 0
  if ! command -v apt-get >/dev/null; then
    printf '✘ Install these Debian packages, or what has the same here: %s\n' "${missing[*]}" >&2
    exit 1
  fi
  printf 'Installing Debian packages that are missing here: %s\n' "${missing[*]}"
  # The lists of packages may be there, and good enough.
  apt_get_install "${missing[@]}" || { apt_get_update && apt_get_install "${missing[@]}"; } || {
    printf '✘ apt-get could not install them: %s\n' "$(tail -n 1 "$LOG")" >&2
    exit 1
  }
}

missing_of() {
  local package
  for package in "$@"; do
    # shellcheck disable=SC2016 # dpkg-query's own format
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
      printf '%s\n' "$package"
  done
}

apt_get_install() {
  DEBIAN_FRONTEND=noninteractive apt-get -qq --yes --no-install-recommends \
    --option "DPkg::Lock::Timeout=$LOCK_SECONDS" install "$@" >"$LOG" 2>&1
}

# DPkg::Lock::Timeout leaves out the lock of the lists, and apt's locks are not those of flock(1).
apt_get_update() {
  local -r deadline=$((SECONDS + LOCK_SECONDS))
  until apt-get -qq --option APT::Update::Error-Mode=any update >"$LOG" 2>&1; do
    grep --quiet 'Could not get lock' "$LOG" || return 1
    ((SECONDS < deadline)) || return 1
    sleep 1
  done
}

main "$@"
