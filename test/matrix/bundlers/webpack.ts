// Runs the row of webpack.

import { runPackerRow } from './packer.js';

await runPackerRow('webpack');
