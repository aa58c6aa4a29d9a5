#!/usr/bin/env bats
# Where the AWS provider comes from, and what is said when it can be had nowhere. Terraform is the real one.

bats_require_minimum_version 1.5.0

setup() {
  root="$(cd "$BATS_TEST_DIRNAME/../.." && pwd)"
  tools="$BATS_TEST_TMPDIR/with a space/tools"
  home="$BATS_TEST_TMPDIR/home"
  mkdir -p "$tools/stamps" "$tools/terraform" "$home"
  ln -s "$(readlink -f "$root/.tools/terraform/terraform")" "$tools/terraform/terraform"
  installed="$root/.tools/terraform/.terraform/providers"
  provider="$(sed -n 's/^provider "\(.*\)" {/\1/p' "$root/scripts/setup/provider/.terraform.lock.hcl")"
  package="$provider/5.100.0/$(uname -s | tr '[:upper:]' '[:lower:]')_$(machine)"
}

machine() {
  case "$(uname -m)" in
  x86_64) echo amd64 ;;
  aarch64 | arm64) echo arm64 ;;
  esac
}

# make_sure VARIABLE=VALUE...: that step of the set-up, with nothing of the caller's environment.
# shellcheck disable=SC2016 # the other shell expands it
make_sure() {
  run --separate-stderr env -i PATH="$PATH" HOME="$home" XDG_DATA_DIRS="$home" TOOLS="$tools" SETUP="$root/scripts/setup" "$@" \
    bash -euo pipefail -c '
      . "$SETUP/steps.sh"
      . "$SETUP/provider.sh"
      check_provider_sources python3
      install_provider'
}

# An operating system for which nobody has built the provider; Terraform itself is not asked for its own.
no_provider_for_this_computer() {
  mkdir "$BATS_TEST_TMPDIR/commands"
  printf '#!/bin/sh\necho Plan9\n' >"$BATS_TEST_TMPDIR/commands/uname"
  chmod +x "$BATS_TEST_TMPDIR/commands/uname"
  PATH="$BATS_TEST_TMPDIR/commands:$PATH"
}

tampered_mirror() {
  mirror="$BATS_TEST_TMPDIR/mirror"
  mkdir -p "$mirror/$package"
  printf '#!/bin/sh\n' >"$mirror/$package/terraform-provider-aws_v5.100.0_x5"
  chmod +x "$mirror/$package/terraform-provider-aws_v5.100.0_x5"
}

cli_configuration() {
  printf 'provider_installation {\n  filesystem_mirror {\n    path = "%s"\n  }\n}\n' "$1" >"$home/terraform.rc"
}

@test "a directory that is named is taken, once" {
  make_sure TERRAFORM_MIRROR="$installed"
  [ "$status" -eq 0 ]
  [[ "$output" == *"AWS provider 5.100.0, hash verified"*", from $installed" ]]
  [ -x "$tools/terraform/.terraform/providers/$package/terraform-provider-aws_v5.100.0_x5" ]
  make_sure TERRAFORM_MIRROR="$installed"
  [ "$status" -eq 0 ]
  [ -z "$output" ]
}

@test "a provider that somebody has removed since is made sure of again" {
  make_sure TERRAFORM_MIRROR="$installed"
  rm -r "$tools/terraform/.terraform"
  make_sure TERRAFORM_MIRROR="$installed"
  [ "$status" -eq 0 ]
  [ -e "$tools/terraform/.terraform/providers/$package" ]
}

@test "a named directory without the provider: the setting, its value and the remedy" {
  make_sure TERRAFORM_MIRROR="$home"
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"TERRAFORM_MIRROR is $home, and there is no $package in it."* ]]
  [[ "$stderr" == *"Name the directory that registry.terraform.io lies in"* ]]
}

@test "another file than the pinned one is refused" {
  tampered_mirror
  make_sure TERRAFORM_MIRROR="$mirror"
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"what was found does not match the hashes in scripts/setup/provider."* ]]
  make_sure TERRAFORM_MIRROR="$mirror"
  [ "$status" -eq 1 ] # it is not taken for done
}

@test "a mirror in the user's CLI configuration comes first" {
  cli_configuration "$installed"
  make_sure TF_CLI_CONFIG_FILE="$home/terraform.rc"
  [ "$status" -eq 0 ]
  [[ "$output" == *", as your Terraform CLI configuration says" ]]
}

@test "the configuration in the home folder is one, too" {
  cli_configuration "$installed"
  mv "$home/terraform.rc" "$home/.terraformrc"
  make_sure
  [ "$status" -eq 0 ]
  [[ "$output" == *", as your Terraform CLI configuration says" ]]
}

@test "a mirror that lacks the provider does not hide Terraform's own directories" {
  cli_configuration "$BATS_TEST_TMPDIR"
  mkdir -p "$home/.terraform.d/plugins/$(dirname "$package")"
  ln -s "$(readlink -f "$installed/$package")" "$home/.terraform.d/plugins/$package"
  make_sure TF_CLI_CONFIG_FILE="$home/terraform.rc"
  [ "$status" -eq 0 ]
  [[ "$output" == *"hash verified"*", from "* ]]
}

@test "a CLI configuration that does not exist is ignored, in one line" {
  make_sure TF_CLI_CONFIG_FILE="$home/none.rc" TERRAFORM_MIRROR="$installed"
  [ "$status" -eq 0 ]
  [ "${lines[0]}" = "  • TF_CLI_CONFIG_FILE names $home/none.rc, which does not exist: ignored" ]
  [[ "${lines[1]}" == *"hash verified"* ]]
  [ "${#lines[@]}" -eq 2 ]
}

@test "a provider that is nowhere is one sentence with the remedy" {
  no_provider_for_this_computer
  make_sure HTTPS_PROXY=http://127.0.0.1:9
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"There is no AWS provider 5.100.0 for Terraform: it is neither on this computer nor to be had from registry.terraform.io."* ]]
  [[ "$stderr" == *"make setup TERRAFORM_MIRROR=/path/to/mirror"* ]]
}

@test "the same before Terraform itself is there" {
  no_provider_for_this_computer
  rm "$tools/terraform/terraform"
  make_sure HTTPS_PROXY=http://127.0.0.1:9
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"it is neither on this computer nor to be had from"* ]]
}

# A synthesized folder, as far as the provider is concerned.
synthesized() {
  folder="$BATS_TEST_TMPDIR/stacks/a stack"
  mkdir -p "$folder"
  printf '{"terraform": {"required_providers": {"aws": {"source": "aws", "version": "5.100.0"}}}}\n' >"$folder/cdk.tf.json"
  cp "$root/scripts/setup/provider/.terraform.lock.hcl" "$folder/"
}

# terraform_in VARIABLE=VALUE... FOLDER: `init` with no way to any registry.
terraform_in() {
  run env -i HOME="$home" HTTPS_PROXY=http://127.0.0.1:9 "${@:1:$#-1}" \
    "$root/.venv/bin/terraform" -chdir="${*: -1}" init -input=false -no-color
}

@test "no later init asks a registry or a mirror, nor complains of a configuration" {
  synthesized
  cli_configuration "$BATS_TEST_TMPDIR/none"
  terraform_in TF_CLI_CONFIG_FILE="$home/terraform.rc" "$folder"
  [ "$status" -eq 0 ]
  rm -r "$folder/.terraform"
  terraform_in TF_CLI_CONFIG_FILE="$home/none.rc" "$folder"
  [ "$status" -eq 0 ]
  [[ "$output" != *"CLI configuration"* ]]
  cmp "$root/scripts/setup/provider/.terraform.lock.hcl" "$folder/.terraform.lock.hcl"
}

@test "in other folders, Terraform is as the user has configured it" {
  synthesized
  mv "$folder/cdk.tf.json" "$folder/main.tf.json"
  cli_configuration "$BATS_TEST_TMPDIR/none"
  terraform_in TF_CLI_CONFIG_FILE="$home/terraform.rc" "$folder"
  [ "$status" -ne 0 ]
}
