// Draws what was seen of a process as one HTML page without a script: a strip for each thread, and the table beneath.

import { PART_WORDS } from '../../stalls/shared-record.js';
import type { ProcessUse, ThreadUse } from '../process/use.js';
import type { Recording } from './recording.js';
import { summary } from './summary.js';
import { columnsFor, inOrder } from './table.js';

const WIDTH = 960;
const LEFT = 170;
const STRIP_HEIGHT = 34;
const STALLS_HEIGHT = 6;
const ROW_HEIGHT = STRIP_HEIGHT + STALLS_HEIGHT + 8;

/** Those that the page of `schedhint trace` has for the same things. */
const COLOURS = {
  code: '#3fb950',
  noCpu: '#d29922',
  throttled: '#ff4d4d',
  gc: '#f778ba',
  blocked: '#58a6ff',
  paused: '#a371f7',
  unknown: '#7d838f',
} as const;

const STYLE = `body { margin: 16px 20px; background: #16181d; color: #d5d8de; font: 13px/1.5 system-ui, "DejaVu Sans", sans-serif }
h1 { font-size: 16px; margin: 0 0 4px }
.legend { color: #9aa1ad }
.legend span { margin-right: 14px }
.legend i { display: inline-block; width: 10px; height: 10px; margin-right: 5px; border-radius: 2px }
svg { display: block; width: 100%; max-width: ${WIDTH}px }
text { fill: #d5d8de; font-size: 11px }
table { border-collapse: collapse; margin-top: 14px }
th, td { padding: 2px 14px 2px 0; text-align: right; font-variant-numeric: tabular-nums }
.left { text-align: left }
th { color: #9aa1ad; font-weight: normal }`;

/** The page. */
export function page(
  { whole, intervals }: Recording,
  { pid, name, known }: { readonly pid: number; readonly name: string; readonly known: string },
): string {
  const threads = inOrder(whole.threads);
  const drawn = threads.filter((thread) => isWorthAStrip(thread, whole.ms));
  const title = escaped(`schedhint why: process ${pid} (${name})`);
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${title}</title><style>${STYLE}</style></head>
<body>
<h1>${title}</h1>
<p class="legend">${legend()}</p>
<svg viewBox="0 0 ${WIDTH} ${drawn.length * ROW_HEIGHT + 18}" role="img" aria-label="what each thread did over time">
${drawn.map((thread, row) => strip(thread, row * ROW_HEIGHT, intervals)).join('\n')}
${timeAxis(drawn.length * ROW_HEIGHT, intervals)}
</svg>
<p>${[...summary(whole), known].map(escaped).join('<br>\n')}</p>
${table(threads, whole)}
</body>
</html>
`;
}

/** A helper that did nothing is only in the table. */
function isWorthAStrip({ role, cpuMs, noCpuMs, throttledMs }: ThreadUse, ms: number): boolean {
  const wantedMs = cpuMs + (noCpuMs ?? 0) + (throttledMs ?? 0);
  return role === 'main' || role === 'worker' || wantedMs >= ms / 1000;
}

function legend(): string {
  const bars = [
    [COLOURS.code, 'on CPU'],
    [COLOURS.noCpu, 'waits for a CPU'],
    [COLOURS.throttled, 'throttled by the quota'],
  ];
  const stalls = Object.entries(PART_WORDS).map(([part, word]) => [
    COLOURS[part as keyof typeof COLOURS],
    word,
  ]);
  const drawn = (entries: (readonly (string | undefined)[])[]) =>
    entries
      .map(([colour, word]) => `<span><i style="background:${colour}"></i>${word}</span>`)
      .join('');
  return `${drawn(bars)}<br>beneath, stalls: ${drawn(stalls)}`;
}

/** A bar for each interval: the shares of it, from the bottom up, and what stalls consisted of beneath. */
function strip(thread: ThreadUse, top: number, intervals: readonly ProcessUse[]): string {
  const label = escaped(`${thread.role} ${thread.tid} ${thread.name}`.slice(0, 26));
  const bars = placed(intervals).flatMap(({ use, x, width }) => {
    const here = use.threads.find(({ tid }) => tid === thread.tid);
    if (here === undefined) return [];
    const parts = [
      [here.cpuMs, COLOURS.code, 'on CPU'],
      [here.noCpuMs ?? 0, COLOURS.noCpu, 'waits for a CPU'],
      [here.throttledMs ?? 0, COLOURS.throttled, 'throttled by the quota'],
    ] as const;
    return [
      ...stacked(parts, x, width, top + STRIP_HEIGHT, use.ms),
      ...stallBars(here, x, width, top + STRIP_HEIGHT + 1),
    ];
  });
  return `<text x="0" y="${top + STRIP_HEIGHT / 2 + 4}">${label}</text>
<rect x="${LEFT}" y="${top}" width="${WIDTH - LEFT}" height="${STRIP_HEIGHT}" fill="#1e2128"/>
${bars.join('\n')}`;
}

type Part = readonly [ms: number, colour: string, word: string];

function stacked(parts: readonly Part[], x: number, width: number, bottom: number, ms: number) {
  let y = bottom;
  return parts.flatMap(([part, colour, word]) => {
    const height = Math.min(y - (bottom - STRIP_HEIGHT), (part / ms) * STRIP_HEIGHT);
    if (height < 0.2) return [];
    y -= height;
    return [rectangle(x, y, width, height, colour, `${Math.round(part)} ms ${word}`)];
  });
}

/** The parts of the interval's stalls side by side, as wide as their shares of the stalls. */
function stallBars({ stalls }: ThreadUse, x: number, width: number, top: number): string[] {
  if (stalls === null) return [];
  const parts = Object.entries(stalls.parts).filter(([, ms]) => ms >= 0.5);
  const total = parts.reduce((sum, [, ms]) => sum + ms, 0);
  let left = x;
  return parts.map(([part, ms]) => {
    const share = (ms / total) * width;
    const word = PART_WORDS[part as keyof typeof PART_WORDS];
    const colour = COLOURS[part as keyof typeof COLOURS];
    left += share;
    return rectangle(
      left - share,
      top,
      share,
      STALLS_HEIGHT,
      colour,
      `stall: ${Math.round(ms)} ms ${word}`,
    );
  });
}

function rectangle(
  x: number,
  y: number,
  width: number,
  height: number,
  colour: string,
  title: string,
): string {
  const [left, top, w, h] = [x, y, width, height].map((number) => number.toFixed(1));
  return `<rect x="${left}" y="${top}" width="${w}" height="${h}" fill="${colour}"><title>${title}</title></rect>`;
}

/** Where each interval lies. */
function placed(intervals: readonly ProcessUse[]) {
  const total = intervals.reduce((sum, { ms }) => sum + ms, 0);
  let from = 0;
  return intervals.map((use) => {
    const x = LEFT + (from / total) * (WIDTH - LEFT);
    from += use.ms;
    return { use, x, width: (use.ms / total) * (WIDTH - LEFT) };
  });
}

function timeAxis(top: number, intervals: readonly ProcessUse[]): string {
  const total = intervals.reduce((sum, { ms }) => sum + ms, 0) / 1000;
  return [0, 0.25, 0.5, 0.75, 1]
    .map((part) => {
      const x = LEFT + part * (WIDTH - LEFT);
      const anchor = part === 0 ? 'start' : part === 1 ? 'end' : 'middle';
      return `<text x="${x}" y="${top + 12}" text-anchor="${anchor}">${(part * total).toFixed(1)} s</text>`;
    })
    .join('\n');
}

function table(threads: readonly ThreadUse[], { ms }: ProcessUse): string {
  const columns = columnsFor(threads);
  const row = (tag: 'th' | 'td', textOf: (column: (typeof columns)[number]) => string) =>
    `<tr>${columns.map((column) => `<${tag} class="${column.align}">${escaped(textOf(column))}</${tag}>`).join('')}</tr>`;
  return `<table><thead>${row('th', ({ title }) => title)}</thead><tbody>
${threads.map((thread) => row('td', ({ text }) => text(thread, ms))).join('\n')}
</tbody></table>`;
}

/** Names of threads may have anything in them. */
function escaped(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, '?')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
