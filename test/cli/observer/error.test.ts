import { expect, test } from 'vitest';
import { errorOf } from '../../../packages/observer/dist/error.js';

test('an exit code becomes a code, the last line of stderr the message', () => {
  const said = 'libbpf: at length\nobserver: this needs root\n';
  expect(errorOf(3, null, said)).toMatchObject({
    code: 'ERR_SCHEDHINT_OBSERVER_PERMISSION',
    message: 'this needs root',
  });
  expect(errorOf(4, null, said).code).toBe('ERR_SCHEDHINT_OBSERVER_KERNEL');
  expect(errorOf(5, null, said).code).toBe('ERR_SCHEDHINT_OBSERVER_MAP');
  expect(errorOf(1, null, said).code).toBe('ERR_SCHEDHINT_OBSERVER_ENDED');
});

test('one that said nothing', () => {
  expect(errorOf(null, 'SIGKILL', '').message).toBe('the observer has ended: SIGKILL');
  expect(errorOf(7, null, '').message).toBe('the observer has ended: exit code 7');
});
