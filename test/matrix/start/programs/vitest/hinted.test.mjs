import { attachThread, startGcHints } from 'schedhint';
import { collectUntilEnd, say } from '../say.cjs';

test('hints', async () => {
  attachThread().hints.urgency = 900;
  startGcHints();
  say('hinted');
  await collectUntilEnd();
});
