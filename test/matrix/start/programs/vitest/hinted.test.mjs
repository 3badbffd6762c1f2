// Attaches its thread in a vitest test, sets a hint, and collects until the row ends.

import { attachThread, startGcHints } from 'schedhint';
import { collectUntilEnd, say } from '../say.cjs';

test('hints', async () => {
  attachThread().hints.urgency = 900;
  startGcHints();
  say('hinted');
  await collectUntilEnd();
});
