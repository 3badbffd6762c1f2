// Runs the row of Rspack.

import { runPackerRow } from './packer.js';

await runPackerRow('@rspack/core');
