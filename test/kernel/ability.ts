import { existsSync } from 'node:fs';
import { release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const built = [
  'bpf/build/reader',
  '../../examples/observer/build/observer',
  '../../packages/native/build/Release/schedhint.node',
];

/** Why the tests on the kernel can't run here; null: they can. */
function whyNot(): string | null {
  if (process.platform !== 'linux') return `they need Linux, this is ${process.platform}`;
  const [major = 0, minor = 0] = release().split('.').map(Number);
  if (major < 6 || (major === 6 && minor < 13)) return `they need Linux 6.13, this is ${release()}`;
  if (process.getuid?.() !== 0) return 'loading BPF programs needs root';
  const missing = built.find((file) => !existsSync(fileURLToPath(new URL(file, import.meta.url))));
  return missing === undefined ? null : `${missing} is missing: run npm run build`;
}

/**
 * A `describe` for tests that need a kernel with `__uptr` and the right to load BPF programs. Where
 * they cannot run they are skipped and say why; in CI, where they must, that is a failure.
 */
export function describeOnKernel(name: string, tests: () => void): void {
  const reason = whyNot();
  if (reason === null) {
    describe(name, tests);
  } else if (process.env.CI) {
    test(name, () => expect.fail(`cannot run: ${reason}`));
  } else {
    console.warn(`skipped: ${name}: ${reason}`);
    describe.skip(name, tests);
  }
}
