#!/usr/bin/env bash
# Mounts the data volume at /var/lib/allora, at every boot before Docker. It formats only the right volume, and only if it
# is certainly blank.

# shellcheck source=../lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"
# shellcheck source=../lib/imds.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/imds.sh"

EVENT=storage
readonly LABEL=allora-data

main() {
  local device
  case $DATA_VOLUME in
    none) return 0 ;;
    ebs) device=$(ebs_device) || exit $? ;;
    instance-store) device=$(instance_store_device) || exit $? ;;
    *) die "$NEEDS_OPERATOR" data_volume_setting "DATA_VOLUME is '$DATA_VOLUME', which is none of: none, ebs, instance-store." ;;
  esac
  if mountpoint --quiet "$STATE_DIR"; then
    check_mounted "$device"
  else
    make_filesystem "$device"
    mount --types ext4 --options noatime "$device" "$STATE_DIR"
  fi
  resize2fs "$device" # the volume may have grown
  event storage 'done' "storage: $device is mounted at $STATE_DIR"
}

# By the serial number, which is the volume's id; Xen instances (t2, m4, ...) show none.
# https://docs.aws.amazon.com/ebs/latest/userguide/identify-nvme-ebs-device.html
ebs_device() {
  local volume
  volume=$(retry 12 imds_get tags/instance/DataVolumeId) ||
    die "$NEEDS_OPERATOR" data_volume_missing 'the instance has no tag DataVolumeId, or its metadata does not show tags. Run: allora deploy.'
  [[ $volume =~ ^vol-[0-9a-f]+$ ]] ||
    die "$NEEDS_OPERATOR" data_volume_missing "the instance's tag DataVolumeId is '$volume', not a volume id. Run: allora deploy."
  retry 12 device_with 4 "${volume/-/}" ||
    die "$NEEDS_OPERATOR" data_volume_missing "volume $volume is not attached to this instance, or the instance type is not a Nitro one. Run: allora deploy."
}

# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/nvme-ssd-volumes.html
instance_store_device() {
  retry 3 device_with 6 'Amazon EC2 NVMe Instance Storage' ||
    die "$NEEDS_OPERATOR" data_volume_missing 'this instance type has no NVMe instance store. Choose another AWS_INSTANCE_TYPE or EDGE_DATA_VOL_TYPE.'
}

# device_with FIELD VALUE: the disk with this serial number (field 4) or model (field 6) in lsblk's
# NAME="/dev/nvme1n1" SERIAL="vol0123" MODEL="..."; of several, the first by serial number.
device_with() {
  local device
  device=$(lsblk --nodeps --noheadings --paths --pairs --output NAME,SERIAL,MODEL |
    awk -F '"' -v field="$1" -v value="$2" '{ sub(/ +$/, "", $field) } $field == value { print $4, $2 }' |
    sort | awk 'NR == 1 { print $2 }')
  [[ -n $device ]] && printf '%s\n' "$device"
}

check_mounted() {
  local mounted
  mounted=$(findmnt --noheadings --output SOURCE --mountpoint "$STATE_DIR")
  [[ $mounted == "$1" ]] ||
    die "$NEEDS_OPERATOR" data_volume_foreign "$STATE_DIR holds $mounted and not the data volume $1. Unmount it: sudo umount $STATE_DIR."
}

make_filesystem() {
  local -r device=$1
  if has_our_filesystem "$device"; then
    return 0
  fi
  is_blank "$device" ||
    die "$NEEDS_OPERATOR" data_volume_foreign "$device is not blank and has no $LABEL file system, so it stays as it is. If nothing on it is needed: sudo mkfs.ext4 -L $LABEL $device."
  mke2fs -q -t ext4 -L "$LABEL" -m 1 "$device"
  event storage 'done' "storage: $device was blank and is formatted now"
}

has_our_filesystem() {
  [[ $(blkid --probe --match-tag TYPE --output value "$1") == ext4 ]] &&
    [[ $(blkid --probe --match-tag LABEL --output value "$1") == "$LABEL" ]]
}

# Blank: no signature that blkid knows (its status 2), no partition that the kernel knows, and 16 MiB of readable zeros at
# the beginning.
is_blank() {
  local -r device=$1
  local -i status=0
  blkid --probe "$device" || status=$?
  ((status == 2)) &&
    [[ $(lsblk --noheadings --raw --output NAME "$device" | wc --lines) == 1 ]] &&
    cmp --silent --bytes=$((16 * 1024 * 1024)) "$device" /dev/zero
}

main
