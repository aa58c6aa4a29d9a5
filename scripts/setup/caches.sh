#!/bin/sh
# Tells what is kept outside this folder, how large it is, and how to remove it.
for cache in "${ALLORA_TEST_CACHE:-$HOME/.cache/allora-test-host}"; do
  if [ -d "$cache" ]; then
    printf 'Kept for the next `make test-host`: %s (%s). To remove it: rm -rf %s\n' \
      "$cache" "$(du -sh "$cache" | cut -f1)" "$cache"
  fi
done
