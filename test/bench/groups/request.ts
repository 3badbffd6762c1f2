// Measures what request tracking costs: beginning and ending a request, and what the channels of Node.js add to an HTTP server's CPU time
// for each request.

import { attachThread, trackRequests } from 'schedhint';
import { interleave, timed } from '../interleave.js';
import type { Group } from '../row.js';

const URGENCIES = 1023;
/** A deadline on a machine that has been up for three weeks. */
const DUE = 2 ** 51 + 1;

export const request: Group = {
  name: 'request',
  ids: ['request.floor', 'request.begin-end', 'request.begin-end-urgency'],
  async measure(bed, effort) {
    const thread = attachThread({ map: bed.pin('schedhint') });
    const { hints } = thread;
    const tracker = trackRequests({ thread });
    const rows = interleave(
      [
        {
          // What cannot be saved: a group of two hints at each end, and one reading of the clock.
          id: 'request.floor',
          run: timed((n) => {
            for (let i = 0; i < n; i++) {
              const now = performance.now();
              hints.set({ urgency: i & URGENCIES, deadlineNs: DUE + i });
              hints.set({ urgency: 0, deadlineNs: now > 0 ? 0 : 1 });
            }
          }),
        },
        {
          id: 'request.begin-end',
          against: 'request.floor',
          run: timed((n) => {
            for (let i = 0; i < n; i++) {
              tracker.begin({ urgency: i & URGENCIES, deadlineMs: 20 }).end();
            }
          }),
        },
        {
          id: 'request.begin-end-urgency',
          against: 'request.floor',
          run: timed((n) => {
            for (let i = 0; i < n; i++) tracker.begin({ urgency: i & URGENCIES }).end();
          }),
        },
      ],
      effort,
    );
    tracker.stop();
    return rows;
  },
};
