# shellcheck shell=bash
# The instance metadata service, version 2 only.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html

readonly IMDS_ENDPOINT="${IMDS_ENDPOINT:-http://169.254.169.254}"

# imds_get PATH: print the value below /latest/meta-data/; fail if there is none.
imds_get() {
  local token
  token=$(imds_request --request PUT --header 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$IMDS_ENDPOINT/latest/api/token") || return 1
  imds_request --header "X-aws-ec2-metadata-token: $token" "$IMDS_ENDPOINT/latest/meta-data/$1"
}

imds_request() {
  curl --silent --fail --noproxy '*' --max-time 5 "$@"
}
