// Collects until the row ends without importing schedhint: only the preload in NODE_OPTIONS can attach its thread.

import { collectUntilEnd, say } from '../say.cjs';

test('nothing of schedhint', async () => {
  say('plain');
  await collectUntilEnd();
});
