// Reads the line that `npm run demo -- --json` ends with from stdin, says of each thing that it has to
// show whether it does, and ends with `N passed, N failed`.

import { readFileSync } from 'node:fs';
import { checkBpfReport } from './checks.mjs';

let report;
try {
  report = JSON.parse(readFileSync(0, 'utf8').trim().split('\n').at(-1));
} catch (error) {
  console.log(`FAILED the last line is a JSON object: ${error.message}`);
}

const checks = checkBpfReport(report);
for (const { name, passed, detail } of checks) {
  console.log(passed ? `ok ${name}` : `FAILED ${name}: ${detail}`);
}
const failed = checks.filter(({ passed }) => !passed).length;
console.log(`${checks.length - failed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
