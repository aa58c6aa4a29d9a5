#!/usr/bin/env bash
# Checks out MODEL_REPO at MODEL_REF (branch, tag or commit; '' is the default branch) with its submodules in
# /var/lib/allora/model, at every start. If the repository does not answer, an earlier checkout of the same repository and ref stays in use.

# shellcheck source=../lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"

EVENT=model_source
readonly MODEL_DIR="$STATE_DIR/model"
readonly DRAFT_DIR="$STATE_DIR/model.new"
# shellcheck disable=SC2153 # from host.env
readonly SOURCE="$MODEL_REPO ${MODEL_REF:-HEAD}"

# No other transport (ext:: runs commands), no prompts, no stalled transfer.
export GIT_ALLOW_PROTOCOL="${GIT_ALLOW_PROTOCOL:-https}" GIT_TERMINAL_PROMPT=0
export GIT_HTTP_LOW_SPEED_LIMIT=1000 GIT_HTTP_LOW_SPEED_TIME=60

main() {
  check_ref
  if is_exactly_here; then
    return 0
  elif retry 4 download |& quote; then
    refuse_lfs
    rm --recursive --force "$MODEL_DIR"
    mv "$DRAFT_DIR" "$MODEL_DIR"
    event model_source 'done' "model: $SOURCE is commit $(git -C "$MODEL_DIR" rev-parse HEAD)"
  elif [[ $(recorded_source) == "$SOURCE" ]]; then
    event model_source 'done' "model: $MODEL_REPO does not answer; still using commit $(git -C "$MODEL_DIR" rev-parse HEAD)"
  else
    die "$NEEDS_OPERATOR" model_source_unavailable "MODEL_REPO '$MODEL_REPO' could not be fetched at MODEL_REF '$MODEL_REF'. Check that both exist, that the repository and its submodules are public and have https URLs, and that a commit has all its 40 digits."
  fi
}

# A ref is data: never an option (--upload-pack=...) nor a refspec (+a:b).
check_ref() {
  if [[ $MODEL_REF == [-+]* ]] || ! git check-ref-format --allow-onelevel "${MODEL_REF:-HEAD}"; then
    die "$NEEDS_OPERATOR" model_source_unavailable "MODEL_REF '$MODEL_REF' is not the name of a branch, a tag or a commit."
  fi
}

# A commit never changes: one that is here needs no network.
is_exactly_here() {
  [[ $(recorded_source) == "$SOURCE" && $(git -C "$MODEL_DIR" rev-parse HEAD) == "$MODEL_REF" ]]
}

recorded_source() {
  git -C "$MODEL_DIR" config allora.source 2>/dev/null || true
}

# Into a new directory. && because retry turns errexit off.
download() {
  rm --recursive --force "$DRAFT_DIR" &&
    git init --quiet "$DRAFT_DIR" &&
    fetch_ref &&
    git -C "$DRAFT_DIR" checkout --quiet --detach FETCH_HEAD &&
    fetch_submodules &&
    git -C "$DRAFT_DIR" config allora.source "$SOURCE"
}

fetch_ref() {
  timeout 10m git -C "$DRAFT_DIR" fetch --quiet --depth 1 -- "$MODEL_REPO" "${MODEL_REF:-HEAD}"
}

fetch_submodules() {
  [[ -e $DRAFT_DIR/.gitmodules ]] || return 0
  git -C "$DRAFT_DIR" config remote.origin.url "$MODEL_REPO" && # for URLs relative to it
    timeout 10m git -C "$DRAFT_DIR" submodule --quiet update --init --recursive --depth 1
}

# Git LFS would run a program of its own; without it, a file has a pointer's text for content
# (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md).
refuse_lfs() {
  local pointer
  pointer=$(find "$DRAFT_DIR" -name .git -prune -o -type f -size -1024c \
    -exec grep --quiet '^version https://git-lfs.github.com/spec/v1$' {} \; -printf '%P\n' -quit)
  [[ -z $pointer ]] ||
    die "$NEEDS_OPERATOR" model_source_unavailable "MODEL_REPO '$MODEL_REPO' keeps '$pointer' in Git LFS, which the host does not fetch. Let the Dockerfile download the file, or publish an image and set MODEL_IMAGE."
}

main
