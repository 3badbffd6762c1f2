// Runs the row of Next.js built with Turbopack.

import { runNextRow } from './next.js';

await runNextRow('--turbopack');
