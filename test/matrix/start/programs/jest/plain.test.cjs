// Reports the thread of a Jest test that does not load schedhint, where the matrix must find no hints: the control of
// hinted.test.cjs.

const { collectUntilEnd, say } = require('../say.cjs');

test('nothing of schedhint', async () => {
  say('plain');
  await collectUntilEnd();
});
