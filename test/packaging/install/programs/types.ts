// Compiled, never run: what an application's types come to in each kind of module resolution.

import type { Worker } from 'node:worker_threads';
import 'schedhint/register';
import { attachThread } from '@schedhint/core';
import { btfOfFile } from '@schedhint/core/btf';
import { deadlineIn, hintsOf, startGcHints } from 'schedhint';
import { uptr } from 'schedhint/channels';
import { i32, struct } from 'schedhint/layout';

const thread = attachThread();
// What one writes before reading the docs.
thread.hints.urgency = 'high';
const urgency: number = thread.hints.urgency;
thread.hints.deadlineMs = 20;
const left: number | null = thread.hints.deadlineMs;
thread.hints.deadlineMs = null;
thread.hints.set({ urgency: 900, deadlineNs: deadlineIn(20) });
thread.hints.set({ urgency: null, deadlineMs: 20, batch: undefined });
thread.hints.set({ deadlineAt: new Date() });
thread.hints.set({ deadlineAt: Date.now() + 20 });
const ratio: number = thread.feedback.runDelayMs / thread.feedback.onCpuMs;
const delay: bigint = thread.feedback.runDelayNs;
hintsOf({} as Worker).urgency = 'low';
const pair = struct('pair', { a: i32, b: i32 });
const sum: number = attachThread({ channel: uptr({ map: '/m', value: { pair } }) }).blocks.pair.a;
startGcHints({ stats: true }).onCollection(({ duration }) => duration.toFixed());
export const all = [urgency, left, ratio, delay, sum, btfOfFile];

// The types are there, so that these are errors and not `any`.
// @ts-expect-error
thread.hints.urgency = 'hihg';
// @ts-expect-error
thread.hints.set({ urgencey: 5 });
// @ts-expect-error
attachThread({ kanal: uptr() });
// @ts-expect-error
startGcHints({ source: 'V8' });
