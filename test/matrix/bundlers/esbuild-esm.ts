import { runEsbuildRow } from './esbuild.js';

await runEsbuildRow('esm');
