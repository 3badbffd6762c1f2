import { runPackerRow } from './packer.js';

await runPackerRow('@rspack/core');
