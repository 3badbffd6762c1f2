// The row lavd: scx_lavd with hints.

import { runRow } from './scx-hints-row.mjs';

// SCX_OPS_DEFINE in its main.bpf.c: .timeout_ms
await runRow('scx_lavd', '1.1.4', 30_000);
