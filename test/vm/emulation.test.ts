import { expect, test } from 'vitest';
import { isTornInstruction } from './emulation.mjs';

const panic = (what: string) => `${what}\nKernel panic - not syncing: Fatal exception in interrupt`;
const PATCHING = 'Call Trace:\n ? smp_text_poke_batch_finish+0x3df/0x5b0\n scx_root_enable_workfn';

test('a panic while the kernel replaces its own code is the emulation’s', () => {
  expect(isTornInstruction(panic(PATCHING))).toBe(true);
  expect(isTornInstruction(panic('Oops: int3: 0000 [#1]'))).toBe(true);
});

test('any other panic is a failure, and so is one in a BPF program', () => {
  expect(isTornInstruction(panic('BUG: kernel NULL pointer dereference'))).toBe(false);
  expect(isTornInstruction(panic(`RIP: 0010:bpf_prog_12ab_enqueue\n${PATCHING}`))).toBe(false);
  expect(isTornInstruction(PATCHING)).toBe(false);
});
