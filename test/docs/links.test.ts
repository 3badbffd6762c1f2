// Links between pages, to files of the repository and to headings. No network.

import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { pages, read, root } from './pages.js';

const withoutCode = (text: string) =>
  text.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '');

/** The anchors that GitHub and the site give a page's headings. */
function anchorsOf(page: string): string[] {
  const text = read(page).replaceAll(/^```[\s\S]*?^```$/gm, '');
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

interface Link {
  readonly page: string;
  readonly to: string;
}

const links: Link[] = pages.flatMap((page) => {
  const text = withoutCode(read(page));
  const inline = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, to]) => to!);
  const pictures = [...text.matchAll(/<img [^>]*src="([^"]+)"/g)].map(([, to]) => to!);
  return [...inline, ...pictures].map((to) => ({ page, to }));
});
const inside = links.filter(({ to }) => !/^[a-z]+:/.test(to));

test('each leads to a file that is there', () => {
  expect(inside.length).toBeGreaterThan(50);
  const lost = inside.filter(({ page, to }) => {
    const [path] = to.split('#');
    return path !== '' && !existsSync(join(root, dirname(page), path!));
  });
  expect(lost).toEqual([]);
});

test('each anchor is a heading', () => {
  const anchored = inside.filter(({ to }) => to.includes('#'));
  expect(anchored.length).toBeGreaterThan(0);
  const lost = anchored.filter(({ page, to }) => {
    const [path, anchor] = to.split('#');
    const target = path === '' ? page : normalize(join(dirname(page), path!));
    return target.endsWith('.md') && !anchorsOf(target).includes(anchor!);
  });
  expect(lost).toEqual([]);
});

test('every guide is in the list of guides', () => {
  const reached = new Set(
    inside
      .filter(({ page }) => page === 'docs/README.md')
      .map(({ page, to }) => normalize(join(dirname(page), to.split('#')[0]!))),
  );
  const guides = pages.filter((page) => /^(?:docs|abi)\/[^/]+\.md$/.test(page));
  const lost = guides.filter((page) => page !== 'docs/README.md' && !reached.has(page));
  expect(lost).toEqual([]);
});
