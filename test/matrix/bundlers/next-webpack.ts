// Runs the row of Next.js built with webpack.

import { runNextRow } from './next.js';

await runNextRow('--webpack');
