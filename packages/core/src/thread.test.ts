import { expect, test } from 'vitest';
import { attachThread } from './thread.js';

test('x', () => {
  const t = attachThread({ map: '/tmp/none/none' });
  t.hints.urgency = 5;
  console.log(t.status, t.hints);
  t.detach();
  expect(t.hints.urgency).toBe(5);
});
