// In jest's own realm: the packages are loaded again for each test file.

const map = '/nonexistent/schedhint';

test('the thread has one handle, and the values are kept', () => {
  const { attachThread, hintsOf } = require('schedhint');
  const thread = attachThread({ map });
  expect(attachThread({ map })).toBe(thread);
  thread.hints.set({ urgency: 900, deadlineNs: 5n });
  expect(thread.hints.toJSON()).toMatchObject({ urgency: 900, deadlineNs: '5' });
  expect(thread.status.code).toBe('ERR_SCHEDHINT_MAP_NOT_FOUND');
  expect(hintsOf).toBeInstanceOf(Function);
  const scoped = attachThread({ map, scoped: true });
  scoped.stop();
  expect(scoped.status.code).toBe('ERR_SCHEDHINT_STOPPED');
  expect(thread.status.code).toBe('ERR_SCHEDHINT_MAP_NOT_FOUND');
});

test('collections are published', () => {
  const { startGcHints } = require('schedhint');
  const hints = startGcHints({ map });
  expect(hints.source).toBe('v8');
  hints.stop();
});
