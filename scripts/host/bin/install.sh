#!/usr/bin/env bash
# Installs the Allora worker on a fresh Ubuntu host. bootstrap.py runs it; every step may run again, and
# allora-install.service runs all of them again until they succeed.

# shellcheck source=../lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"

BIN_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly BIN_DIR
readonly LOG_FILE="$LOG_DIR/install.log"
readonly AGAIN="Details: $LOG_FILE. systemd tries again every few minutes; at once: sudo systemctl restart allora-install"
# apt's own server
readonly PROBE_URL="${PROBE_URL:-http://archive.ubuntu.com/ubuntu/}"
# Newer versions of docker compose need docker-buildx for builds.
readonly PACKAGES="${PACKAGES:-docker.io docker-buildx docker-compose-v2 git nftables unattended-upgrades}"
readonly SHOWN_LINES=20
readonly APT_PATIENCE=1800 # seconds, for another program's installation
EVENT=installation TITLE='Begin'
trap 'give_up unexpected "$BASH_COMMAND: status $? in ${BASH_SOURCE[0]##*/} line $LINENO."' ERR

main() {
  # Output goes to the log, and to a terminal.
  if [[ -t 2 ]]; then exec > >(tee --append "$LOG_FILE") 2>&1; else exec >>"$LOG_FILE" 2>&1; fi
  only_one_at_a_time
  install_units
  report
  run_steps \
    internet 'Reach the internet' wait_for_internet \
    storage 'Prepare storage' prepare_storage \
    docker_settings 'Configure Docker' configure_docker \
    packages 'Install packages' install_packages \
    docker 'Run Docker' run_docker \
    worker 'Start worker and model' start_worker
  systemctl disable allora-install.service
  event installation 'done' ready
}

only_one_at_a_time() {
  exec 9>"$RUN_DIR/install.lock"
  flock --nonblock 9 || die 1 installation_runs "another $BIN_DIR/install.sh is running. Wait for it: tail --follow $LOG_FILE"
}

install_units() {
  install --mode 0644 "$BIN_DIR"/../systemd/* "$ROOT/etc/systemd/system/"
  systemctl daemon-reload
}

# First, so that progress is visible. A failure here stops nothing.
report() {
  systemctl enable --now allora-report.service allora-model-log.service allora-status.timer ||
    event reports failed 'CloudWatch gets no reports of this host: journalctl --unit allora-report' reports_down false
}

# run_steps EVENT TITLE FUNCTION [EVENT TITLE FUNCTION]...
run_steps() {
  STEPS=$(($# / 3)) STEP=0
  while (($#)); do
    STEP=$((STEP + 1)) EVENT=$1 TITLE=$2
    rm --force "$RUN_DIR/last-failure"
    event "$EVENT" started "$TITLE"
    "$3"
    event "$EVENT" 'done' "$TITLE: done"
    shift 3
  done
  STEP=''
}

# give_up CODE MESSAGE: systemd begins again.
give_up() {
  trap - ERR
  show_log
  die "$NEEDS_OPERATOR" "$1" "$TITLE: $2 $AGAIN"
}

# Copies the last output of commands to the journal, and so to CloudWatch.
show_log() {
  grep --text --invert-match '^allora: ' "$LOG_FILE" | tail --lines "$SHOWN_LINES" | logger --tag allora-log || true
}

# The Elastic IP is attached only after the instance runs.
wait_for_internet() {
  retry 20 curl --silent --head --output /dev/null --max-time 10 "$PROBE_URL" ||
    give_up internet_unreachable "$PROBE_URL does not answer. Check that the instance has its Elastic IP, and the subnet a route to the internet."
}

prepare_storage() {
  local code message
  systemctl enable allora-storage.service
  systemctl start allora-storage.service && return
  read -r _ code message < <(last_failure)
  give_up "$code" "$message"
}

# Before Docker is installed, because its package starts it.
configure_docker() {
  local changed
  systemctl enable allora-isolate.service
  changed=$("$BIN_DIR/configure-docker.py" "$ROOT/etc/docker/daemon.json" "$STATE_DIR/docker" 2>&1) ||
    give_up docker_settings_invalid "$changed"
  if [[ $changed == changed ]] && systemctl is-active --quiet docker.service; then
    systemctl restart docker.service
  fi
}

install_packages() {
  local -a missing
  read -ra missing <<<"$(missing_packages)"
  ((${#missing[@]})) || return 0
  retry 5 apt_install "${missing[@]}" ||
    give_up packages_unavailable "apt-get could not install ${missing[*]}. Check that the instance reaches Ubuntu's archive, and 'df -h /'."
}

missing_packages() {
  local package
  for package in $PACKAGES; do
    # shellcheck disable=SC2016 # dpkg-query's own format
    if [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$package" || true) != installed ]]; then
      printf '%s ' "$package"
    fi
  done
}

apt_install() {
  wait_for_apt
  apt_get --option APT::Update::Error-Mode=any update &&
    dpkg --configure -a && # after a power cut
    apt_get install --no-install-recommends "$@"
}

# A fresh host updates itself at boot.
wait_for_apt() {
  local holder
  holder=$("$BIN_DIR/apt-in-use.py") && return
  event "$EVENT" started "$TITLE: waits for $holder, which uses apt"
  "$BIN_DIR/apt-in-use.py" "$APT_PATIENCE" || true
}

apt_get() {
  DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
    apt-get --quiet --yes --option DPkg::Lock::Timeout=600 --option Acquire::Retries=3 "$@"
}

run_docker() {
  systemctl enable docker.service
  systemctl start docker.service || give_up docker_down "Docker does not start: journalctl --unit docker."
}

start_worker() {
  local status code message
  systemctl enable allora.service
  systemctl enable --now allora-care.timer
  systemctl start allora.service && return
  read -r status code message < <(last_failure)
  # The installation is over: from now on systemd tries allora.service again.
  systemctl disable allora-install.service
  report_failure "$status" "$code" "$TITLE: $message systemd tries again every few minutes; at once: sudo systemctl restart allora"
  exit 0
}

last_failure() {
  cat "$RUN_DIR/last-failure" 2>/dev/null || printf '1 unexpected Details: journalctl --unit "allora*".\n'
}

main
