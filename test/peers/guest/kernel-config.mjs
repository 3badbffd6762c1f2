// Shows the schedulers of scx the kernel's configuration: libbpf looks for it where the guest has none, and a scheduler that asks for a
// part of it (kconfig externs) then ends with "Invalid argument".

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { release } from 'node:os';

/** Once in a VM. */
export function showKernelConfig() {
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', '/boot']);
  writeFileSync(`/boot/config-${release()}`, 'CONFIG_HZ=250\nCONFIG_SCHED_CLASS_EXT=y\n');
}
