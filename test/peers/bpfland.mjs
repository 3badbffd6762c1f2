// The row bpfland: scx_bpfland with hints.

import { runRow } from './scx-hints-row.mjs';

// STARVATION_MS in its main.bpf.c, its .timeout_ms.
await runRow('scx_bpfland', '1.1.4', 5000);
