mount -t tmpfs t /boot; printf 'CONFIG_HZ=250\nCONFIG_NR_CPUS=8192\nCONFIG_SCHED_CLASS_EXT=y\n' > /boot/config-$(uname -r)
uname -r
timeout 60 /root/.cache/schedhint-peers/scx_bpfland-1.1.4/bin/scx_bpfland > /run/out/bpfland.log 2>&1 & sleep 45; cat /sys/kernel/sched_ext/root/ops; kill -INT $!; sleep 2; tail -5 /run/out/bpfland.log
timeout 20 /root/.cache/schedhint-peers/scx_schedhint-0975c083/scheduler/build/scx_schedhint & sleep 10; cat /sys/kernel/sched_ext/root/ops
sleep 12
