import { layered } from '@schedhint/core';
import { expect, test } from 'vitest';
import { publishedLayers } from './published-layers.mjs';

test('the published layers name each number that schedhint writes on its own', () => {
  const { parts, request } = layered({ map: '/m' });
  const named = JSON.parse(publishedLayers()).flatMap(
    ({ name, matches }: { name: string; matches: { HintEquals?: number }[][] }) =>
      matches.flat().map(({ HintEquals }) => [HintEquals, name]),
  );
  expect(Object.fromEntries(named)).toEqual({
    [parts.gcRequest!()!.hint]: 'latency',
    [request.normalHint!]: 'hinted-normal',
  });
});
