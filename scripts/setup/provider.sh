# shellcheck shell=bash
# Makes sure of the AWS provider, once for all folders in which Terraform runs. Terraform itself checks it
# against the lock file in provider/. It comes from, in this order:
#
#   the directory that TERRAFORM_MIRROR names, and then from nowhere else
#   where the user's CLI configuration says, if it says where providers come from
#   a directory of this computer that is laid out as a mirror
#   the registry
#
# https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation

readonly PROVIDER_SOURCE="$SETUP/provider"
# Terraform's working folder; what it installs below .terraform/providers is a mirror in turn.
readonly PROVIDER_HOME="$TOOLS/terraform"

# locked EXPRESSION: what sed finds in the lock file.
locked() { sed -n "$1" "$PROVIDER_SOURCE/.terraform.lock.hcl"; }
PROVIDER="$(locked 's/^provider "\(.*\)" {/\1/p')"
PROVIDER_VERSION="$(locked 's/^ *version *= *"\(.*\)"/\1/p')"
readonly PROVIDER PROVIDER_VERSION

# As Terraform names it: linux_amd64, darwin_arm64.
platform() {
  local machine
  machine="$(uname -m)"
  case "$machine" in
  x86_64) machine=amd64 ;;
  aarch64) machine=arm64 ;;
  esac
  printf '%s_%s' "$(uname -s | tr '[:upper:]' '[:lower:]')" "$machine"
}
PLATFORM="$(platform)"
readonly PLATFORM
readonly PROVIDER_INSTALLED="$PROVIDER_HOME/.terraform/providers/$PROVIDER/$PROVIDER_VERSION/$PLATFORM"

# Whether a directory is a mirror with this provider, unpacked or packed.
has_provider() {
  [[ -d "$1/$PROVIDER/$PROVIDER_VERSION/$PLATFORM" ||
    -f "$1/$PROVIDER/terraform-provider-aws_${PROVIDER_VERSION}_$PLATFORM.zip" ]]
}

# Prints the directories of this computer that are mirrors with the provider, a line each: any system-wide
# one, Terraform's own directories, and its plugin cache.
local_mirrors() {
  local directory
  local -a data
  IFS=: read -ra data <<<"${XDG_DATA_HOME:-$HOME/.local/share}:${XDG_DATA_DIRS:-/usr/local/share:/usr/share}"
  for directory in \
    {/opt,/srv,/usr/lib,/usr/local,/usr/share,/var/lib}{,/*,/*/*} \
    "${data[@]/%//terraform/plugins}" \
    {"$HOME",}"/Library/Application Support/io.hashicorp.terraform/plugins" \
    "$HOME"/.terraform.d/{plugins,plugin-cache}; do
    if has_provider "$directory"; then printf '%s\n' "$directory"; fi
  done
}

# Whether the user's CLI configuration says where providers come from.
cli_configuration_has_mirror() {
  grep -qs provider_installation "${TF_CLI_CONFIG_FILE:-$HOME/.terraformrc}" "$HOME"/.terraform.d/*.tfrc
}

# install_from ARGUMENT...: has Terraform install and check the provider.
install_from() {
  rm -rf "$PROVIDER_HOME/.terraform"
  # One retry for a registry that does not answer in time: 20 seconds at most.
  CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1 TF_REGISTRY_CLIENT_TIMEOUT=8 \
    "$PROVIDER_HOME/terraform" -chdir="$PROVIDER_HOME" init -no-color -input=false -backend=false \
    -lockfile=readonly "$@" && [[ -e "$PROVIDER_INSTALLED" ]]
}

install_from_mirror() {
  install_from -plugin-dir="$1" && printf ', from %s' "$1" >"$REMARK"
}

install_provider_now() {
  local mirror
  cp "$PROVIDER_SOURCE/versions.tf" "$PROVIDER_SOURCE/.terraform.lock.hcl" "$PROVIDER_HOME/"
  if [[ -n "${TERRAFORM_MIRROR:-}" ]]; then
    install_from_mirror "$TERRAFORM_MIRROR"
    return
  fi
  if cli_configuration_has_mirror && install_from; then
    printf ', as your Terraform CLI configuration says' >"$REMARK"
    return
  fi
  while IFS= read -r mirror; do
    if install_from_mirror "$mirror"; then return; fi
  done < <(local_mirrors)
  ! cli_configuration_has_mirror && install_from
}

install_provider() {
  local mark
  mark="$PLATFORM $(<"$PROVIDER_SOURCE/.terraform.lock.hcl")"
  is_done provider "$mark" "$PROVIDER_INSTALLED" && return
  if [[ -n "${TF_CLI_CONFIG_FILE:-}" && ! -e "$TF_CLI_CONFIG_FILE" ]]; then
    printf '  • TF_CLI_CONFIG_FILE names %s, which does not exist: ignored\n' "$TF_CLI_CONFIG_FILE"
    unset TF_CLI_CONFIG_FILE
  fi
  run "AWS provider $PROVIDER_VERSION, hash verified" install_provider_now || fail_without_provider
  mark_done provider "$mark"
}

# check_provider_sources PYTHON: fails where the provider is nowhere, before anything is installed.
check_provider_sources() {
  if [[ -n "${TERRAFORM_MIRROR:-}" ]]; then
    has_provider "$TERRAFORM_MIRROR" && return
    fail "TERRAFORM_MIRROR is $TERRAFORM_MIRROR, and there is no $PROVIDER/$PROVIDER_VERSION/$PLATFORM in it." \
      "Name the directory that ${PROVIDER%%/*} lies in, or leave TERRAFORM_MIRROR out."
  fi
  # Terraform itself looks everywhere, and at once, if it is there already.
  [[ -x "$PROVIDER_HOME/terraform" || -n "$(local_mirrors)" ]] && return
  cli_configuration_has_mirror && return
  "$1" - "${PROVIDER%%/*}" >"$LOG" 2>&1 <<'PYTHON' || fail_without_provider
import sys
import urllib.request
urllib.request.urlopen(f"https://{sys.argv[1]}/.well-known/terraform.json", timeout=8).close()
PYTHON
}

fail_without_provider() {
  local reason="it is neither on this computer nor to be had from ${PROVIDER%%/*}"
  if grep -q checksums "$LOG"; then reason="what was found does not match the hashes in scripts/setup/provider"; fi
  fail "There is no AWS provider $PROVIDER_VERSION for Terraform: $reason." \
    "Check the internet connection and the proxy settings. Or name a directory that has it, laid out as a mirror (what 'terraform providers mirror' makes): make setup TERRAFORM_MIRROR=/path/to/mirror" \
    "The whole log: .tools/setup.log"
}
