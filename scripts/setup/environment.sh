# shellcheck shell=bash
# Keeps the caller's environment variables for download sources; drops those that change the installation.

# https://pip.pypa.io/en/stable/cli/pip/#general-options
readonly KEPT_OF_PIP='index_url|extra_index_url|find_links|(client_)?cert|proxy|trusted_host|(default_)?timeout|retries|config_file|keyring_provider'
readonly KEPT_OF_NPM='registry|cafile|ca|cert|key|proxy|https_proxy|noproxy|strict_ssl|userconfig|globalconfig|fetch_.*'
readonly KEPT="pip_($KEPT_OF_PIP)|npm_config_($KEPT_OF_NPM)|pipenv_pypi_mirror|node_extra_ca_certs|python|tf_cli_config_file|tf_registry_.*"
# All others with these prefixes belong to the caller's own projects.
readonly DROPPED='(pip|npm_config|pipenv|node|tf)_.*|python.+|virtual_env|conda_prefix|cdpath|bash_env'

drop_callers_variables() {
  local name
  shopt -s nocasematch
  for name in $(compgen -e); do
    if [[ "$name" =~ ^($DROPPED)$ && ! "$name" =~ ^($KEPT)$ ]]; then unset "$name"; fi
  done
  shopt -u nocasematch
}

drop_callers_variables
# These override configuration files.
export PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
