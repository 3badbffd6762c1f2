// What serveHealth() refuses.

import { expect, test } from 'vitest';
import { serveHealth } from './index.js';

test.each([
  [undefined, TypeError, 'serveHealth: expected an object of options'],
  [{}, TypeError, 'port: expected a number 0..65535, got undefined'],
  [{ port: '80' }, TypeError, 'port: expected a number 0..65535, got "80"'],
  [{ port: 65_536 }, RangeError, 'port: expected a number 0..65535, got 65536'],
  [{ port: 1.5 }, RangeError, 'port: expected a whole number, got 1.5'],
  [{ port: Number.NaN }, RangeError, 'port: expected a number 0..65535, got NaN'],
  [{ port: 0, host: '' }, TypeError, 'host: expected an address or a name, got ""'],
  [{ port: 0, host: null }, TypeError, 'host: expected an address or a name, got null'],
  [
    { port: 0, path: 'health' },
    TypeError,
    `path: expected a string such as '/health', got "health"`,
  ],
  [{ port: 0, path: '/a?b' }, TypeError, `path: expected a string such as '/health', got "/a?b"`],
  [{ port: 0, maxLoopAgeMs: 499 }, RangeError, 'maxLoopAgeMs: expected a number 500..3600000'],
  [{ port: 0, maxLoopAgeMs: '5s' }, TypeError, 'maxLoopAgeMs: expected a number 500..3600000'],
  [{ port: 0, maxLoopAge: 5 }, TypeError, 'did you mean maxLoopAgeMs?'],
])('%j is refused', (options, Type, message) => {
  expect(() => serveHealth(options as never)).toThrow(
    expect.objectContaining({
      name: Type.name,
      code: 'ERR_SCHEDHINT_OPTION',
      message: expect.stringContaining(message),
    }),
  );
});
