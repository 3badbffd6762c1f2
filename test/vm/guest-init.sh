#!/bin/sh
# PID 1 of the VM. Its root is the machine's own, or one made for it, through a read-only virtiofs;
# /run/out is a directory of the machine that can be written. busybox has all commands that are used here.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/run/home LANG=C.UTF-8
mount -t proc proc /proc
mount -t sysfs sysfs /sys
grep -q '^[^ ]* /dev devtmpfs ' /proc/mounts || mount -t devtmpfs dev /dev
exec </dev/null

finish() { # the second serial line carries the exit code; the kernel's command line names it
  sync
  echo "EXIT $1" >"$status_line"
  echo b >/proc/sysrq-trigger # QEMU ends immediately, because of -no-reboot
  while :; do sleep 1; done
}

mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t bpf bpf /sys/fs/bpf
mount -t tracefs tracefs /sys/kernel/tracing
mount -t tmpfs tmpfs /run
mkdir -p /run/home /run/out /run/keep
mount -t virtiofs out /run/out || finish 125
. /run/out/environment.sh # sets "$@" to the directories that stay visible

# /tmp and /var/tmp are empty, but for those.
n=0
for directory; do
  n=$((n + 1))
  mkdir -p /run/keep/$n
  mount --bind "$directory" /run/keep/$n || finish 125
done
for directory in /tmp /var/tmp; do
  mount -t tmpfs tmpfs $directory
  chmod 1777 $directory
done
n=0
for directory; do
  n=$((n + 1))
  case $directory in
    /tmp/* | /var/tmp/*)
      mkdir -p "$directory"
      mount --bind /run/keep/$n "$directory" || finish 125
      ;;
  esac
done

ip link set lo up
echo 1 >/proc/sys/kernel/panic_on_oops
# Through a pipe, so that the command sees no terminal.
mkfifo /run/stdio
cat /run/stdio >"$(echo /dev/vport*p1)" &
setsid sh /run/out/command.sh >/run/stdio 2>&1
status=$?
# What a process left behind still holds the pipe; it does not keep the VM for long.
for i in $(seq 20); do
  kill -0 $! 2>/dev/null || break
  sleep 0.1
done
dmesg >/run/out/dmesg.log
finish $status
