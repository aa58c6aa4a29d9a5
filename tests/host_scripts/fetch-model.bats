#!/usr/bin/env bats
# bin/fetch-model.sh, with a real git on a repository next door.

load helper

setup() {
  make_host
  export GIT_ALLOW_PROTOCOL=file GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
  REPO="$BATS_TEST_TMPDIR/repo"
  MODEL="$ALLORA_ROOT/var/lib/allora/model"
  git init --quiet --initial-branch main "$REPO"
  commit one
  FIRST=$(git -C "$REPO" rev-parse HEAD)
  git -C "$REPO" tag v1
  commit two
}

commit() {
  echo "$1" >"$REPO/Dockerfile"
  git -C "$REPO" add Dockerfile
  git -C "$REPO" -c user.name=t -c user.email=t@example.com commit --quiet --message "$1"
}

# fetch REF [URL]
fetch() {
  echo "MODEL_REPO='${2:-file://$REPO}'" >>"$ALLORA_ROOT/etc/allora/host.env"
  echo "MODEL_REF='$1'" >>"$ALLORA_ROOT/etc/allora/host.env"
  run "$BIN/fetch-model.sh"
}

# has TEXT: the model that will be built.
has() {
  [ "$status" -eq 0 ] && [ "$(<"$MODEL/Dockerfile")" = "$1" ]
}

@test "no ref is the default branch" {
  fetch ''
  has two
}

@test "a branch" {
  fetch main
  has two
}

@test "a tag, not what came after it" {
  fetch v1
  has one
}

@test "a commit, not what came after it" {
  fetch "$FIRST"
  has one
}

@test "a commit that is here needs no repository any more" {
  fetch "$FIRST"
  mv "$REPO" "$REPO.gone"
  fetch "$FIRST"
  has one
  never_called '^sleep'
}

@test "a branch that moved is followed at the next start" {
  fetch main
  commit three
  fetch main
  has three
}

@test "a branch whose repository does not answer stays as it is" {
  fetch main
  mv "$REPO" "$REPO.gone"
  fetch main
  has two
  contains "$(last_console_line)" 'does not answer; still using commit'
}

@test "the checkout of another repository is never used in its place" {
  fetch main
  fetch main "file://$BATS_TEST_TMPDIR/nowhere"
  [ "$status" -eq 78 ]
  contains "$(last_console_line)" "MODEL_REPO 'file://$BATS_TEST_TMPDIR/nowhere' could not be fetched"
}

@test "the checkout of another ref is never used in its place" {
  fetch main
  fetch no-such-branch
  [ "$status" -eq 78 ]
  contains "$(last_console_line)" "at MODEL_REF 'no-such-branch'"
}

@test "what an interrupted try has left is no obstacle, and files of the old version are gone" {
  fetch v1
  touch "$MODEL/left-over" "$MODEL/.git/index.lock"
  mkdir -p "$MODEL.new/.git"
  touch "$MODEL.new/.git/index.lock"
  fetch main
  has two
  [ ! -e "$MODEL/left-over" ]
}

@test "a ref is never an option or a refspec" {
  local ref
  for ref in "--upload-pack=touch $BATS_TEST_TMPDIR/pwned" 'main:refs/heads/x' '+main' 'a..b' 'main; id'; do
    fetch "$ref"
    [ "$status" -eq 78 ]
    [ ! -e "$BATS_TEST_TMPDIR/pwned" ]
    contains "$(last_console_line)" "MODEL_REF '$ref'"
  done
}

@test "a repository is never an option" {
  fetch main "--upload-pack=touch $BATS_TEST_TMPDIR/pwned;"
  [ "$status" -eq 78 ]
  [ ! -e "$BATS_TEST_TMPDIR/pwned" ]
}

@test "a repository is never a command or a local path" {
  unset GIT_ALLOW_PROTOCOL
  local repo
  for repo in "ext::touch $BATS_TEST_TMPDIR/pwned" "$REPO" "file://$REPO"; do
    fetch main "$repo"
    [ "$status" -eq 78 ]
    [ ! -e "$BATS_TEST_TMPDIR/pwned" ]
    [ ! -e "$MODEL" ]
  done
}

@test "what a repository holds runs nothing and reaches nothing outside" {
  local pwned="$BATS_TEST_TMPDIR/pwned"
  printf '#!/bin/sh\ntouch %s\n' "$pwned" >"$REPO/post-checkout"
  chmod +x "$REPO/post-checkout"
  mkdir "$REPO/.githooks" && cp "$REPO/post-checkout" "$REPO/.githooks/"
  printf '[core]\n\thooksPath = .githooks\n[filter "bad"]\n\tsmudge = touch %s\n' "$pwned" >"$REPO/.gitconfig"
  echo '* filter=bad' >"$REPO/.gitattributes"
  printf '[submodule "x"]\n\tpath = x\n\turl = ext::touch %s\n' "$pwned" >"$REPO/.gitmodules"
  ln -s "$ALLORA_ROOT/etc/allora/host.env" "$REPO/link"
  git -C "$REPO" add --all
  git -C "$REPO" update-index --add --cacheinfo "160000,$FIRST,x"
  commit three
  fetch main
  [ "$status" -eq 78 ] # for its submodule
  [ ! -e "$pwned" ]
  git -C "$REPO" rm --quiet --force --cached x
  git -C "$REPO" rm --quiet .gitmodules
  commit four
  fetch main
  has four
  [ ! -e "$pwned" ]
  [ "$(readlink "$MODEL/link")" = "$ALLORA_ROOT/etc/allora/host.env" ] # as a link: Docker sends it as such
}

# add_submodule REPOSITORY URL COMMIT: in the folder sub.
add_submodule() {
  printf '[submodule "sub"]\n\tpath = sub\n\turl = %s\n' "$2" >"$1/.gitmodules"
  git -C "$1" add .gitmodules
  git -C "$1" update-index --add --cacheinfo "160000,$3,sub"
}

@test "submodules are fetched, and theirs, by URLs that may be relative" {
  local inner="$BATS_TEST_TMPDIR/inner" outer="$BATS_TEST_TMPDIR/outer"
  cp -r "$REPO" "$inner"
  cp -r "$REPO" "$outer"
  add_submodule "$outer" "file://$inner" "$FIRST"
  REPO="$outer" commit outer
  add_submodule "$REPO" ../outer "$(git -C "$outer" rev-parse HEAD)"
  commit three
  fetch main
  has three
  [ "$(<"$MODEL/sub/Dockerfile")" = outer ]
  [ "$(<"$MODEL/sub/sub/Dockerfile")" = one ]
}

@test "a submodule that is gone is a failure, not an empty folder" {
  add_submodule "$REPO" ../nowhere "$FIRST"
  commit three
  fetch main
  [ "$status" -eq 78 ]
  contains "$(last_console_line)" 'and its submodules are public'
}

@test "Git LFS is refused in a sentence, also in a submodule" {
  local other="$BATS_TEST_TMPDIR/other"
  cp -r "$REPO" "$other"
  mkdir "$other/weights"
  printf 'version https://git-lfs.github.com/spec/v1\noid sha256:%064d\nsize 12345\n' 1 >"$other/weights/a b.bin"
  git -C "$other" add weights
  REPO="$other" commit other
  fetch main "file://$other"
  [ "$status" -eq 78 ]
  contains "$(last_console_line)" "keeps 'weights/a b.bin' in Git LFS"
  [ ! -e "$MODEL" ]
  add_submodule "$REPO" ../other "$(git -C "$other" rev-parse HEAD)"
  commit three
  fetch main
  [ "$status" -eq 78 ]
  contains "$(last_console_line)" "keeps 'sub/weights/a b.bin' in Git LFS"
}

@test "a text about Git LFS is none of its files" {
  printf 'A pointer begins with:\n\n    version https://git-lfs.github.com/spec/v1\n' >"$REPO/README.md"
  git -C "$REPO" add README.md
  commit three
  fetch main
  has three
}
