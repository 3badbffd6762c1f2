// Checks whether the kernel tests can run here: Linux 6.13, root, and the built programs.

import { existsSync } from 'node:fs';
import { release } from 'node:os';
import { fileURLToPath } from 'node:url';

const built = [
  'bpf/build/reader',
  '../../observer/build/observer',
  `../../packages/native/prebuilds/linux-${process.arch}/schedhint.node`,
];

/** Why the tests on the kernel can't run here; null: they can. */
export function whyNot(): string | null {
  if (process.platform !== 'linux') return `they need Linux, this is ${process.platform}`;
  const [major = 0, minor = 0] = release().split('.').map(Number);
  if (major < 6 || (major === 6 && minor < 13)) return `they need Linux 6.13, this is ${release()}`;
  if (process.getuid?.() !== 0) return 'loading BPF programs needs root';
  const missing = built.find((file) => !existsSync(fileURLToPath(new URL(file, import.meta.url))));
  return missing === undefined ? null : `${missing} is missing: run npm run build`;
}
