import { runNextRow } from './next.js';

await runNextRow('--turbopack');
