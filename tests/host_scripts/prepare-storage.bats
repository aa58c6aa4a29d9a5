#!/usr/bin/env bats
# bin/prepare-storage.sh, on image files in place of disks: the file system tools are real, only mounting is not.

# shellcheck disable=SC2016 # the text of a stub expands when the stub runs

load helper

readonly VOLUME=vol-0123456789abcdef0
readonly SERIAL=vol0123456789abcdef0
readonly STORE='Amazon EC2 NVMe Instance Storage        '

setup() {
  make_host DATA_VOLUME=ebs
  start_imds
  echo "$VOLUME" >"$IMDS_DIR/tags/instance/DataVolumeId"
  MOUNTED="$ALLORA_ROOT/mounted"
  DEV="$BATS_TEST_TMPDIR/dev"
  export DISKS="$BATS_TEST_TMPDIR/disks" MOUNTED
  mkdir "$DEV"
  disk root volroot 'Amazon Elastic Block Store'
  # With a device: the device and its partitions. Without: all disks.
  stub lsblk 'if [[ -e ${@: -1} ]]; then echo disk; if [[ -e ${@: -1}.partitions ]]; then echo disk1; fi; else cat "$DISKS"; fi'
  stub mount 'echo "${@: -2:1}" >"$MOUNTED"'
  stub mountpoint '[[ -e $MOUNTED ]]'
  stub findmnt 'cat "$MOUNTED"'
}

teardown() {
  stop_imds
}

# disk NAME SERIAL MODEL: adds a blank disk of 32 MiB.
disk() {
  truncate --size 32M "$DEV/$1"
  printf 'NAME="%s" SERIAL="%s" MODEL="%s"\n' "$DEV/$1" "$2" "$3" >>"$DISKS"
}

data_disk() {
  disk data "$SERIAL" 'Amazon Elastic Block Store              '
  DATA="$DEV/data"
}

label_of() {
  blkid --probe --match-tag LABEL --output value "$1"
}

# is_refused: the script refuses the data disk with a remedy, and does not write a byte to it.
is_refused() {
  local before
  before=$(sha256sum "$DATA")
  run "$BIN/prepare-storage.sh"
  [ "$status" -eq 78 ]
  contains "$(last_console_line)" "$DATA is not blank and has no allora-data file system, so it stays as it is"
  contains "$(last_console_line)" "sudo mkfs.ext4 -L allora-data $DATA.\""
  [ "$(sha256sum "$DATA")" = "$before" ]
  never_called '^mount '
}

@test "a blank volume is formatted and mounted, and only that one" {
  disk other vol0ffffffffffffffff 'Amazon Elastic Block Store'
  data_disk
  run "$BIN/prepare-storage.sh"
  [ "$status" -eq 0 ]
  [ "$(label_of "$DATA")" = allora-data ]
  called "^mount --types ext4 --options noatime $DATA $ALLORA_ROOT/var/lib/allora$"
  local untouched
  for untouched in root other; do
    cmp --bytes=$((32 * 1024 * 1024)) "$DEV/$untouched" /dev/zero
  done
}

@test "at the next boot the same file system is mounted, not made again" {
  data_disk
  "$BIN/prepare-storage.sh"
  rm "$MOUNTED"
  local -r before=$(blkid --probe --match-tag UUID --output value "$DATA")
  run "$BIN/prepare-storage.sh"
  [ "$status" -eq 0 ]
  [ "$(blkid --probe --match-tag UUID --output value "$DATA")" = "$before" ]
  [ "$(times '^mount ')" -eq 2 ]
}

@test "a second run with the volume mounted mounts nothing" {
  data_disk
  "$BIN/prepare-storage.sh"
  run "$BIN/prepare-storage.sh"
  [ "$status" -eq 0 ]
  [ "$(times '^mount ')" -eq 1 ]
}

@test "a volume that has grown gets a larger file system" {
  data_disk
  "$BIN/prepare-storage.sh"
  local -r before=$(dumpe2fs -h "$DATA" 2>/dev/null | awk '/^Block count:/ { print $3 }')
  truncate --size 64M "$DATA"
  run "$BIN/prepare-storage.sh"
  [ "$status" -eq 0 ]
  local -r after=$(dumpe2fs -h "$DATA" 2>/dev/null | awk '/^Block count:/ { print $3 }')
  ((after == 2 * before))
}

@test "somebody's ext4 is never formatted" {
  data_disk
  mke2fs -q -t ext4 -L family-photos "$DATA"
  is_refused
}

@test "a swap area is never formatted" {
  data_disk
  mkswap "$DATA"
  is_refused
}

@test "a partition table is never overwritten" {
  data_disk
  # A master boot record with one Linux partition of 2 MiB at 1 MiB.
  printf '\0\0\0\0\x83\0\0\0\0\x08\0\0\0\x10\0\0' | dd of="$DATA" bs=1 seek=446 conv=notrunc status=none
  printf '\x55\xaa' | dd of="$DATA" bs=1 seek=510 conv=notrunc status=none
  [ "$(blkid --probe --match-tag PTTYPE --output value "$DATA")" = dos ]
  is_refused
}

@test "a disk with partitions that only the kernel knows is never formatted" {
  data_disk
  touch "$DATA.partitions"
  is_refused
}

@test "raw data without any signature is never formatted" {
  data_disk
  printf 'a database of its own' | dd of="$DATA" bs=1 seek=1000000 conv=notrunc status=none
  is_refused
}

@test "a file system at the wrong mount point is not used" {
  data_disk
  echo /dev/nvme9n1 >"$MOUNTED"
  run "$BIN/prepare-storage.sh"
  [ "$status" -eq 78 ]
  contains "$(last_console_line)" 'holds /dev/nvme9n1 and not the data volume'
}

@test "a tag and an attachment that come late are waited for" {
  rm "$IMDS_DIR/tags/instance/DataVolumeId"
  stub sleep 'case $(grep -c "^sleep" "$CALLS") in
    3) echo '"$VOLUME"' >"$IMDS_DIR/tags/instance/DataVolumeId" ;;
    5) truncate --size 32M "$DISKS.late"
       echo "NAME=\"$DISKS.late\" SERIAL=\"'"$SERIAL"'\" MODEL=\"\"" >>"$DISKS" ;;
  esac'
  run "$BIN/prepare-storage.sh"
  [ "$status" -eq 0 ]
  [ "$(label_of "$DISKS.late")" = allora-data ]
  [ "$(times '^sleep')" -eq 5 ]
}

@test "no tag: bounded, with a remedy, and no disk is touched" {
  rm "$IMDS_DIR/tags/instance/DataVolumeId"
  data_disk
  run "$BIN/prepare-storage.sh"
  [ "$status" -eq 78 ]
  contains "$(last_console_line)" 'no tag DataVolumeId'
  contains "$(last_console_line)" 'Run: allora deploy."'
  never_called '^(lsblk|mount) '
}

@test "a tag that is no volume id is refused" {
  echo '<html>404</html>' >"$IMDS_DIR/tags/instance/DataVolumeId"
  run "$BIN/prepare-storage.sh"
  [ "$status" -eq 78 ]
  contains "$(last_console_line)" 'not a volume id'
}

@test "the volume is not attached: another blank disk is never taken in its place" {
  disk other vol0ffffffffffffffff 'Amazon Elastic Block Store'
  run "$BIN/prepare-storage.sh"
  [ "$status" -eq 78 ]
  contains "$(last_console_line)" "volume $VOLUME is not attached"
  cmp --bytes=$((32 * 1024 * 1024)) "$DEV/other" /dev/zero
}

@test "a disk whose serial only begins like the volume's is not the volume" {
  disk other "${SERIAL}00" 'Amazon Elastic Block Store'
  run "$BIN/prepare-storage.sh"
  [ "$status" -eq 78 ]
  contains "$(last_console_line)" 'is not attached'
}

@test "instance store: the first by serial, whatever the kernel calls it, and blank again after a stop" {
  echo "DATA_VOLUME='instance-store'" >>"$ALLORA_ROOT/etc/allora/host.env"
  disk nvme1n1 AWS22222222222222222 "$STORE"
  disk nvme2n1 AWS11111111111111111 "$STORE"
  "$BIN/prepare-storage.sh"
  [ "$(label_of "$DEV/nvme2n1")" = allora-data ]
  cmp --bytes=$((32 * 1024 * 1024)) "$DEV/nvme1n1" /dev/zero
  rm "$MOUNTED" "$DEV/nvme2n1"
  truncate --size 32M "$DEV/nvme2n1"
  run "$BIN/prepare-storage.sh"
  [ "$status" -eq 0 ]
  [ "$(label_of "$DEV/nvme2n1")" = allora-data ]
}

@test "instance store on a type that has none: a sentence, and no EBS volume is taken" {
  echo "DATA_VOLUME='instance-store'" >>"$ALLORA_ROOT/etc/allora/host.env"
  data_disk
  run "$BIN/prepare-storage.sh"
  [ "$status" -eq 78 ]
  contains "$(last_console_line)" 'no NVMe instance store'
  cmp --bytes=$((32 * 1024 * 1024)) "$DATA" /dev/zero
}

@test "without a data volume no disk is looked at" {
  echo "DATA_VOLUME='none'" >>"$ALLORA_ROOT/etc/allora/host.env"
  run "$BIN/prepare-storage.sh"
  [ "$status" -eq 0 ]
  [ -d "$ALLORA_ROOT/var/lib/allora" ]
  never_called '^(lsblk|mount) '
}
