// Runs the row of esbuild with CommonJS output.

import { runEsbuildRow } from './esbuild.js';

await runEsbuildRow('cjs');
