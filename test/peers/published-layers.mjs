// The configuration that docs/channels.md gives to a user of scx_layered.

import { readFileSync } from 'node:fs';

/** @returns {string} JSON */
export function publishedLayers() {
  const page = readFileSync(new URL('../../docs/channels.md', import.meta.url), 'utf8');
  const section = page.split('\n## layered\n')[1]?.split('\n## ')[0] ?? '';
  const [, layers] = /```json\n([\s\S]*?)```/.exec(section) ?? [];
  if (layers === undefined) throw new Error('docs/channels.md: no layers in the part on layered');
  JSON.parse(layers);
  return layers;
}
