// The documentation's site in a browser, as wide as a phone and as a desktop, light and dark: nothing is wider than the window, and one search
// finds guides and API. Pictures of it are left in build/site-pictures.

import { execFileSync } from 'node:child_process';
import { createReadStream, existsSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from './pages.js';

const SITE = join(root, 'build/site');
const PICTURES = join(root, 'build/site-pictures');
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
const TICK_MS = 20;
const WIDTHS = { phone: 390, desktop: 1280 };
const PAGES = [
  'index.html',
  'documents/Guides.html',
  'documents/Production.html',
  'documents/Status_and_error_codes.html',
  'documents/Compatibility.html',
  'documents/Performance.html',
  'functions/schedhint.index.attachThread.html',
];

/** Shows a page in a frame, and writes what is found in it as JSON into the document. */
const LOOK = `<!doctype html>
<body style="margin: 0"><iframe style="border: 0"></iframe><pre></pre>
<script type="module">
  const asked = new URLSearchParams(location.search);
  localStorage.setItem('tsd-theme', asked.get('theme'));
  const frame = document.querySelector('iframe');
  frame.width = asked.get('width');
  frame.height = 1400;
  frame.src = '/' + asked.get('page');
  await new Promise((loaded) => (frame.onload = loaded));
  const inside = frame.contentDocument;
  const until = async (found) => {
    // Timers do not wait for the site's own workers, since Chromium's time is virtual: it stands still during a request only.
    for (let i = 0; i < 1500 && !found(); i++) await fetch('/tick');
    return found();
  };
  await until(() => inside.documentElement.dataset.theme === asked.get('theme'));
  const [red, green, blue] = getComputedStyle(inside.body).backgroundColor.match(/[\\d.]+/g);
  const seen = {
    title: inside.querySelector('h1')?.textContent,
    tooWide: inside.documentElement.scrollWidth - inside.documentElement.clientWidth,
    brightness: (Number(red) + Number(green) + Number(blue)) / 3 / 255,
    found: [],
  };
  const words = asked.get('search');
  if (words) {
    inside.querySelector('#tsd-search-trigger').click();
    const input = await until(() => inside.querySelector('#tsd-search-input'));
    const results = () => [...inside.querySelectorAll('#tsd-search-results a')];
    await until(() => results().length === 0 && !inside.querySelector('#tsd-search-status')?.textContent.includes('oading'));
    input.value = words;
    input.dispatchEvent(new InputEvent('input', { bubbles: true }));
    await until(() => results().length > 0);
    seen.found = results().map((link) => link.getAttribute('href').replace(/.*\\/(?=\\w+\\/)/, ''));
  }
  if (asked.has('picture')) document.querySelector('pre').remove();
  else document.querySelector('pre').textContent = JSON.stringify(seen);
</script>`;

interface Seen {
  readonly title: string;
  readonly tooWide: number;
  readonly brightness: number;
  readonly found: readonly string[];
}

let server: Server;
let address: string;

beforeAll(async () => {
  const typedoc = join(root, 'node_modules/typedoc/bin/typedoc');
  execFileSync(process.execPath, [typedoc, '--out', SITE], { cwd: root, stdio: 'pipe' });
  server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url!, 'http://localhost').pathname);
    const file = join(SITE, path);
    if (path === '/tick') setTimeout(() => response.end(), TICK_MS);
    else if (path === '/look') response.setHeader('content-type', 'text/html').end(LOOK);
    else if (!existsSync(file)) response.writeHead(404).end();
    else {
      response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream');
      createReadStream(file).pipe(response);
    }
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}, 300_000);
afterAll(() => server.close());

/** Without blocking this thread, which serves the site. */
async function chromium(...args: string[]): Promise<string> {
  const { execFile } = await import('node:child_process');
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars'];
  return new Promise((done, fail) => {
    const options = { maxBuffer: 64 << 20 };
    execFile(
      'chromium',
      [...flags, '--virtual-time-budget=20000', ...args],
      options,
      (error, dom) => (error ? fail(error) : done(dom)),
    );
  });
}

const look = (asked: Record<string, string>) => `${address}/look?${new URLSearchParams(asked)}`;

async function see(asked: Record<string, string>): Promise<Seen> {
  const dom = await chromium('--dump-dom', look({ width: '1280', theme: 'light', ...asked }));
  const [, json] = /<pre>(.*?)<\/pre>/s.exec(dom) ?? [];
  expect(json, dom.slice(0, 500)).toMatch(/^\{/);
  return JSON.parse(json!.replaceAll('&amp;', '&').replaceAll('&lt;', '<').replaceAll('&gt;', '>'));
}

test.each(Object.entries(WIDTHS))('nothing is wider than a %s', async (_, width) => {
  for (const page of PAGES) {
    const seen = await see({ page, width: `${width}` });
    expect({ page, ...seen }).toMatchObject({ page, tooWide: 0, title: expect.any(String) });
  }
});

test('light and dark', async () => {
  expect((await see({ page: 'index.html', theme: 'light' })).brightness).toBeGreaterThan(0.8);
  expect((await see({ page: 'index.html', theme: 'dark' })).brightness).toBeLessThan(0.3);
});

test('one search finds a guide by a word of its text, and the API', async () => {
  const { found: guides } = await see({ page: 'index.html', search: 'canary' });
  expect(guides).toContain('documents/Production.html');
  const { found: api } = await see({ page: 'index.html', search: 'attachThread' });
  expect(api).toContainEqual(
    expect.stringMatching(/^functions\/schedhint\.index\.attachThread\.html/),
  );
});

test('pictures', async () => {
  rmSync(PICTURES, { recursive: true, force: true });
  mkdirSync(PICTURES, { recursive: true });
  for (const [device, width] of Object.entries(WIDTHS)) {
    for (const theme of ['light', 'dark']) {
      const file = join(PICTURES, `${device}-${theme}.png`);
      const size = `--window-size=${Math.max(width, 500)},1400`;
      const asked = { page: 'index.html', width: `${width}`, theme, picture: '' };
      await chromium(size, `--screenshot=${file}`, look(asked));
      expect(existsSync(file)).toBe(true);
    }
  }
});
