#!/usr/bin/env bash
# Posts a Markdown file as a pull request comment, or updates the one from an earlier run.
# usage: comment.sh PULL_REQUEST FILE, with GITHUB_REPOSITORY and GH_TOKEN in the environment.
set -euo pipefail

readonly PULL_REQUEST="$1" FILE="$2"
readonly MARKER='<!-- terraform-plan -->'

readonly COMMENTS="repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments"
body="$(printf '%s\n%s' "$MARKER" "$(<"$FILE")")"
ours="$(gh api --paginate "$COMMENTS" \
  --jq ".[] | select(.user.login == \"github-actions[bot]\" and (.body | startswith(\"$MARKER\"))) | .id")"

if [[ -n $ours ]]; then
  gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/${ours%%$'\n'*}" --raw-field "body=$body"
else
  gh api --silent --method POST "$COMMENTS" --raw-field "body=$body"
fi
