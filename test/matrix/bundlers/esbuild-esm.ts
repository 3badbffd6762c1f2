// Runs the row of esbuild with ES module output.

import { runEsbuildRow } from './esbuild.js';

await runEsbuildRow('esm');
