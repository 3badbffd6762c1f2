// Compiled, never run: what an application's types come to in each kind of module resolution.

import 'schedhint/register';
import { btfOfFile } from '@schedhint/core/btf';
import { attachThread, deadlineIn, i32, startGcHints, struct, uptr } from 'schedhint';

const thread = attachThread();
thread.hints.set({ urgency: 900, deadlineNs: deadlineIn(20) });
const delay: bigint = thread.feedback.runDelayNs;
const pair = struct('pair', { a: i32, b: i32 });
const sum: number = attachThread({ channel: uptr({ map: '/m', value: { pair } }) }).blocks.pair.a;
startGcHints({ stats: true }).on('gc', ({ duration }) => duration.toFixed());
export const all = [delay, sum, btfOfFile];

// @ts-expect-error: the types are there, so that this is an error and not `any`
thread.hints.urgency = 'high';
