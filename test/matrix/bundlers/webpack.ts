import { runPackerRow } from './packer.js';

await runPackerRow('webpack');
