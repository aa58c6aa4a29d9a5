"""The disk of a fresh instance: Ubuntu 24.04 from its own archive, as in Canonical's image.

Everything that the install step brings is left out, so that the step has to bring it.
"""

from __future__ import annotations

import hashlib
import shutil
import urllib.request
from pathlib import Path

from tests.host import cache
from tests.host.certificates import Authority
from tests.host.command import run

_ARCHIVE = "http://archive.ubuntu.com/ubuntu"
_SUITES = ("noble", "noble-updates", "noble-security")
# Signs the archive; not every distribution has the package. Its digest is that of noble's index.
_KEYRING = "pool/main/u/ubuntu-keyring/ubuntu-keyring_2023.11.28.1_all.deb"
_KEYRING_SHA256 = "36de43b15853ccae0028e9a767613770c704833f82586f28eb262f0311adb8a8"
_PACKAGES = (
    *("systemd", "systemd-sysv", "systemd-resolved", "dbus", "udev", "netplan.io"),
    *("apt", "cloud-init", "ca-certificates", "curl", "e2fsprogs", "fdisk", "iproute2", "kmod"),
    *("iputils-ping", "less", "locales", "logrotate", "openssh-server", "procps", "python3"),
    *("needrestart", "rsyslog", "sudo", "ubuntu-keyring", "unattended-upgrades", "xz-utils"),
)
# Units that look for hardware or a network of their own, which a container has not.
_MASKED = (
    *("systemd-networkd.service", "systemd-networkd.socket", "ssh.socket", "ssh.service"),
    *("systemd-networkd-wait-online.service", "systemd-udev-settle.service"),
    "systemd-firstboot.service",
)
_FILES = {
    "etc/cloud/cloud.cfg.d/90_stand_in.cfg": (
        "datasource_list: [ Ec2 ]\nnetwork: { config: disabled }\n"
    ),
    # On AWS the resolver's address comes by DHCP.
    "etc/systemd/resolved.conf.d/vpc.conf": "[Resolve]\nDNS=10.0.0.2\n",
    "etc/hostname": "ip-10-0-0-10\n",
    "etc/machine-id": "uninitialized\n",
    "etc/apt/sources.list.d/ubuntu.sources": "".join(
        f"Types: deb\nURIs: {uri}\nSuites: {suites}\nComponents: main universe\n"
        "Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg\n\n"
        for uri, suites in (
            (f"{_ARCHIVE}/", "noble noble-updates"),
            ("http://security.ubuntu.com/ubuntu/", "noble-security"),
        )
    ),
}
# cloud-init knows an EC2 instance by its DMI data, and a container has none.
_DATA_SOURCE = "usr/lib/python3/dist-packages/cloudinit/sources/DataSourceEc2.py"
_IDENTIFY = "def identify_aws(data):\n"
_IDENTIFIED = f"{_IDENTIFY}    return CloudNames.AWS\n"
_DISK_GIB = 8


def disk(authority: Authority) -> Path:
    """An ext4 image of the disk, which trusts the authority. Do not write to it: copy it."""
    recipe = [_PACKAGES, _MASKED, _FILES, _IDENTIFIED, _DISK_GIB, authority.pem]
    return cache.kept("ubuntu.ext4", recipe, lambda path: _make(path, authority))


def _make(path: Path, authority: Authority) -> None:
    root = path.with_suffix(".root")
    cache.remove(root)
    try:
        _bootstrap(root)
        _configure(root, authority)
        with path.open("wb") as file:
            file.truncate(_DISK_GIB * 1024**3)
        run("mke2fs", "-q", "-t", "ext4", "-L", "cloudimg-rootfs", "-d", str(root), str(path))
    finally:
        cache.remove(root)


def _bootstrap(root: Path) -> None:
    sources = (
        f"deb [signed-by={_keyring()}] {_ARCHIVE} {suite} main universe" for suite in _SUITES
    )
    run(
        *("mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory"),
        *('--aptopt=Apt::Install-Recommends "false"', '--aptopt=Acquire::Languages "none"'),
        *("--dpkgopt=force-unsafe-io", "--dpkgopt=path-exclude=/usr/share/doc/*"),
        *("--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/locale/*"),
        f"--include={','.join(_PACKAGES)}",
        *("noble", str(root), *sources),
        timeout=1800,
    )


def _keyring() -> Path:
    """Ubuntu's archive keys, taken out of their package."""
    directory = cache.kept("ubuntu-keyring", _KEYRING_SHA256, _unpack_keyring)
    return directory / "usr/share/keyrings/ubuntu-archive-keyring.gpg"


def _unpack_keyring(directory: Path) -> None:
    with urllib.request.urlopen(f"{_ARCHIVE}/{_KEYRING}", timeout=60) as answer:  # noqa: S310
        package = answer.read()
    found = hashlib.sha256(package).hexdigest()
    assert found == _KEYRING_SHA256, f"{_KEYRING} has the digest {found}"
    directory.mkdir()
    deb = directory / "keyring.deb"
    deb.write_bytes(package)
    run("dpkg-deb", "--extract", str(deb), str(directory))


def _configure(root: Path, authority: Authority) -> None:
    for name, text in _FILES.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (root / "etc/apt/sources.list").unlink(missing_ok=True)
    shutil.rmtree(root / "etc/apt/sources.list.d/0000dummy", ignore_errors=True)
    data_source = root / _DATA_SOURCE
    text = data_source.read_text()
    assert _IDENTIFY in text
    data_source.write_text(text.replace(_IDENTIFY, _IDENTIFIED))
    for unit in _MASKED:
        link = root / "etc/systemd/system" / unit
        link.unlink(missing_ok=True)
        link.symlink_to("/dev/null")
    resolver = root / "etc/resolv.conf"
    resolver.unlink(missing_ok=True)
    resolver.symlink_to("/run/systemd/resolve/stub-resolv.conf")
    authority.install(root)
    for index in (root / "var/lib/apt/lists").glob("*_*"):
        index.unlink()
