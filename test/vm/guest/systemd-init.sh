#!/bin/sh
# Becomes systemd, in namespaces that `unshare` made: a machine in the VM, of which only the journal starts at boot.
# What is written to the folders of units and programs is in memory, and ends with it.
set -e
mount --make-rprivate /
umount /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup # its root is now our own cgroup
mount -t tmpfs tmpfs /run
chmod 0700 /sys/fs/bpf # as systemd mounts it on a machine; in a container, as it thinks that this is, it does not
cp -a /etc /run/etc    # groups can be added
mount --bind /run/etc /etc
for folder in /lib/systemd/system/*.target.wants /etc/systemd/system /usr/local/lib; do
  mount -t tmpfs tmpfs "$folder"
done
ln -s ../systemd-journald.service /lib/systemd/system/sysinit.target.wants/
exec env -i PATH="$PATH" container=schedhint /lib/systemd/systemd --unit=multi-user.target --show-status=false
