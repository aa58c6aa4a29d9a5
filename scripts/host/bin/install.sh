#!/usr/bin/env bash
# Turns a fresh Ubuntu host into an Allora worker. Run once by bootstrap.py; again by hand, or at the next boot when it
# was interrupted: every step does nothing when it is done already.

# shellcheck source=../lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"

BIN_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly BIN_DIR
readonly LOG_FILE="$LOG_DIR/install.log"
readonly AGAIN="Details: $LOG_FILE. Try again: sudo $BIN_DIR/install.sh"
# Anything that answers there will do: it is where apt goes next.
readonly PROBE_URL="${PROBE_URL:-http://archive.ubuntu.com/ubuntu/}"
# docker-buildx: newer versions of docker compose build images with it only.
readonly PACKAGES="${PACKAGES:-docker.io docker-buildx docker-compose-v2 git nftables python3-boto3 unattended-upgrades}"
readonly TOLD_LINES=20
STEP=Begin
trap 'give_up "$BASH_COMMAND: status $? in ${BASH_SOURCE[0]##*/} line $LINENO."' ERR

main() {
  # What commands print goes to the log, but a person who runs this sees it.
  if [[ -t 2 ]]; then exec > >(tee --append "$LOG_FILE") 2>&1; else exec >>"$LOG_FILE" 2>&1; fi
  only_one_at_a_time
  install_units
  report
  run_steps \
    'Reach the internet' wait_for_internet \
    'Prepare storage' prepare_storage \
    'Configure Docker' configure_docker \
    'Install packages' install_packages \
    'Run Docker' run_docker \
    'Start worker and model' start_worker
  systemctl disable allora-install.service
  say ready
}

only_one_at_a_time() {
  exec 9>"$RUN_DIR/install.lock"
  flock --nonblock 9 || die "another $BIN_DIR/install.sh is running. Wait for it: tail --follow $LOG_FILE"
}

install_units() {
  install --mode 0644 "$BIN_DIR"/../systemd/* "$ROOT/etc/systemd/system/"
  systemctl daemon-reload
}

# First of all, so that somebody who waits sees why. Without it everything goes on.
report() {
  systemctl enable --now allora-report.service allora-model-log.service allora-status.timer ||
    say 'CloudWatch will not hear of this host: journalctl --unit allora-report'
}

# run_steps NAME FUNCTION [NAME FUNCTION]...
run_steps() {
  local -ri count=$(($# / 2))
  local -i number=0
  while (($#)); do
    number+=1
    STEP="[$number/$count] $1"
    rm --force "$RUN_DIR/last-failure"
    "$2"
    say "$STEP: done"
    shift 2
  done
}

# give_up MESSAGE
give_up() {
  trap - ERR
  show_log
  die "$STEP: $1 $AGAIN"
}

# The journal, and with it CloudWatch, gets what the commands have printed last; our own lines it has already.
show_log() {
  grep --text --invert-match '^allora: ' "$LOG_FILE" | tail --lines "$TOLD_LINES" | logger --tag allora-log || true
}

# The Elastic IP, and with it the way out, comes only after the instance runs.
wait_for_internet() {
  retry 20 curl --silent --head --output /dev/null --max-time 10 "$PROBE_URL" ||
    give_up "$PROBE_URL does not answer. Check that the instance has its Elastic IP, and the subnet a route to the internet."
}

prepare_storage() {
  systemctl enable allora-storage.service
  systemctl start allora-storage.service || give_up "$(last_failure)"
}

# Before Docker is installed, as the package starts it.
configure_docker() {
  local changed
  systemctl enable allora-isolate.service
  changed=$("$BIN_DIR/configure-docker.py" "$ROOT/etc/docker/daemon.json" "$STATE_DIR/docker" 2>&1) ||
    give_up "$changed"
  if [[ $changed == changed ]] && systemctl is-active --quiet docker.service; then
    systemctl restart docker.service
  fi
}

install_packages() {
  local -a missing
  read -ra missing <<<"$(missing_packages)"
  ((${#missing[@]})) || return 0
  retry 5 apt_install "${missing[@]}" ||
    give_up "apt-get could not install ${missing[*]}. Check that the instance reaches Ubuntu's archive, and 'df -h /'."
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
  apt_get --option APT::Update::Error-Mode=any update &&
    dpkg --configure -a && # an installation that a power cut has stopped
    apt_get install --no-install-recommends "$@"
}

apt_get() {
  DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
    apt-get --quiet --yes --option DPkg::Lock::Timeout=600 --option Acquire::Retries=3 "$@"
}

run_docker() {
  systemctl enable docker.service
  systemctl start docker.service || give_up "Docker does not start: journalctl --unit docker."
}

start_worker() {
  systemctl enable allora.service
  systemctl enable --now allora-care.timer
  systemctl start allora.service ||
    die "$STEP: $(last_failure) systemd tries again every few minutes; at once: sudo systemctl restart allora"
}

last_failure() {
  cat "$RUN_DIR/last-failure" 2>/dev/null || printf 'Details: journalctl --unit "allora*".\n'
}

main
