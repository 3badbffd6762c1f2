// How large a struct may be follows the kernel's page size, which a mock of the addon says here: no machine has three.

import { expect, test, vi } from 'vitest';
import { u8 } from '../layout/scalars.js';
import { array, struct } from '../layout/struct.js';
import { uptr } from './uptr.js';

const { loadAddon } = vi.hoisted(() => ({ loadAddon: vi.fn() }));
vi.mock('@schedhint/native', async (original) => ({ ...(await original<object>()), loadAddon }));

const channelOf = (bytes: number) => uptr({ value: { p: struct('s', { x: array(u8, bytes) }) } });

test.each([4096, 16384, 65536])('with pages of %i bytes a struct may fill one', (pageSize) => {
  loadAddon.mockReturnValue({ addon: { pageSize } });
  expect(channelOf(pageSize).request.slots[0]?.size).toBe(pageSize);
  expect(() => channelOf(pageSize + 1)).toThrow(
    expect.objectContaining({
      code: 'ERR_SCHEDHINT_LAYOUT',
      message: expect.stringContaining(`the kernel pins one page, ${pageSize}`),
    }),
  );
});

test('without the addon a struct may be what some kernel has room for', () => {
  loadAddon.mockReturnValue({ code: 'ERR_SCHEDHINT_DISABLED', reason: '' });
  expect(channelOf(65536).request.slots[0]?.size).toBe(65536);
  expect(() => channelOf(65537)).toThrow(expect.objectContaining({ code: 'ERR_SCHEDHINT_LAYOUT' }));
});

test('one that fits everywhere does not load it', () => {
  loadAddon.mockClear();
  channelOf(4096);
  expect(loadAddon).not.toHaveBeenCalled();
});
