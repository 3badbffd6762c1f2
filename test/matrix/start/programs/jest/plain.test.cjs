const { collectUntilEnd, say } = require('../say.cjs');

test('nothing of schedhint', async () => {
  say('plain');
  await collectUntilEnd();
});
