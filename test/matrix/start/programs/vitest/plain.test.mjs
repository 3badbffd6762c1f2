import { collectUntilEnd, say } from '../say.cjs';

test('nothing of schedhint', async () => {
  say('plain');
  await collectUntilEnd();
});
