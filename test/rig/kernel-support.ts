// Wraps describe() for tests that need the kernel: skips them where they cannot run, and fails instead in CI.

import { describe, expect, test } from 'vitest';
import { whyNot } from './unsupported-reason.js';

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
