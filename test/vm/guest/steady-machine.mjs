// Keeps out of a measurement in the VM what is no scheduler's doing: reads from the file system outside of the VM, and huge pages.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ADDON = fileURLToPath(
  new URL(
    `../../../packages/native/prebuilds/linux-${process.arch}/schedhint.node`,
    import.meta.url,
  ),
);

/**
 * Reads all programs and libraries once. What is not in the page cache comes from outside the VM
 * through a kernel thread, which waits for a turn among the hogs: a program that runs a part of
 * itself for the first time would stand still for seconds.
 *
 * @param {string[]} [programs] besides those that each measurement runs
 */
export function steadyMachine(programs = []) {
  const mapped = readFileSync('/proc/self/maps', 'utf8').matchAll(/ (\/\S+)$/gm);
  const files = new Set([...mapped].map(([, file]) => file));
  for (const file of [...files, ADDON, '/usr/bin/chrt', '/bin/sh', ...programs]) readFileSync(file);
  // The kernel's khugepaged moves a program's memory into huge pages. It is of nice 19, so under
  // scx_schedhint it may wait for seconds while the program waits for it, hints or not.
  if (process.env.SCHEDHINT_VM !== '1') return; // a real machine stays as it is
  writeFileSync('/sys/kernel/mm/transparent_hugepage/enabled', 'never');
}
