import { runNextRow } from './next.js';

await runNextRow('--webpack');
