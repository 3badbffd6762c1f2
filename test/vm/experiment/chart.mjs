// The chart: p99 against load in one scenario, a line for each arm, on a logarithmic scale. Its colours follow the reader's light or dark mode.

const WIDTH = 860;
const HEIGHT = 400;
const PLOT = { left: 70, top: 56, width: 560, height: 280 };
/**
 * @typedef {object} Line
 * @property {string} title
 * @property {string} colour that can be read on white and on black
 * @property {boolean} thick
 * @property {{ rate: number, p99: import('./order-statistics.mjs').Median }[]} points
 */

const powersBetween = (low, high) => {
  const found = [];
  for (let power = 1; power <= high * 1.001; power *= 10) {
    for (const step of [power, 2 * power, 5 * power])
      if (step >= low && step <= high) found.push(step);
  }
  return found;
};

/** Legend entries one below the other at the height of their lines' ends, as far as there is room. */
function placed(heights, gap) {
  const order = heights.map((y, i) => ({ y, i })).sort((a, b) => a.y - b.y);
  const at = [];
  let last = PLOT.top - gap;
  for (const { y, i } of order) {
    last = Math.max(y, last + gap);
    at[i] = last;
  }
  return at;
}

/** A line ends before the first p99 of which only a bound is known. @param {Line} line */
function drawnOf({ points }) {
  const end = points.findIndex(({ p99 }) => p99.least !== p99.most);
  return points
    .slice(0, end === -1 ? points.length : end)
    .map(({ rate, p99 }) => ({ rate, ms: p99.least, interval: p99.interval }));
}

/** @param {{ title: string, lines: Line[], sloMs: number }} of @returns {string} SVG */
export function chart({ title, lines, sloMs }) {
  const drawn = lines.map(drawnOf);
  const rates = drawn.flat().map(({ rate }) => rate);
  const all = drawn.flat().map(({ ms }) => ms);
  const [left, right] = [Math.min(...rates), Math.max(...rates)];
  const [bottom, top] = [Math.min(...all) / 1.3, Math.max(...all) * 1.2];
  const x = (rate) => PLOT.left + (PLOT.width * (rate - left)) / (right - left || 1);
  const y = (ms) =>
    PLOT.top + (PLOT.height * (Math.log(top) - Math.log(ms))) / (Math.log(top) - Math.log(bottom));
  const [end, floor] = [PLOT.left + PLOT.width, PLOT.top + PLOT.height];
  const parts = [];
  for (const ms of powersBetween(bottom, top)) {
    const at = y(ms).toFixed(1);
    parts.push(
      `<line class="grid" x1="${PLOT.left}" x2="${end}" y1="${at}" y2="${at}"/>`,
      `<text x="${PLOT.left - 8}" y="${(Number(at) + 4).toFixed(1)}" text-anchor="end">${ms} ms</text>`,
    );
  }
  for (const rate of [...new Set(rates)]) {
    parts.push(
      `<text x="${x(rate).toFixed(1)}" y="${floor + 20}" text-anchor="middle">${rate}</text>`,
    );
  }
  parts.push(
    `<line class="objective" x1="${PLOT.left}" x2="${end}" y1="${y(sloMs).toFixed(1)}" y2="${y(sloMs).toFixed(1)}"/>`,
    `<text x="${PLOT.left + PLOT.width / 2}" y="${floor + 42}" text-anchor="middle">requests a second, for each service</text>`,
    `<text class="title" x="${PLOT.left}" y="24">${title}</text>`,
    `<text x="${PLOT.left}" y="42">p99 of requests, from when each was due. A line ends where more than 1 % were not answered. Dashed: the objective of ${sloMs} ms</text>`,
  );
  const labels = placed(
    drawn.map((mine) => y(mine.at(-1).ms)),
    18,
  );
  lines.forEach(({ title: name, colour, thick }, i) => {
    const mine = drawn[i];
    const path = mine.map(({ rate, ms }) => `${x(rate).toFixed(1)},${y(ms).toFixed(1)}`);
    parts.push(
      `<polyline points="${path.join(' ')}" fill="none" stroke="${colour}" stroke-width="${thick ? 3.5 : 1.75}" stroke-linejoin="round"/>`,
    );
    for (const { rate, interval } of mine) {
      if (interval.least === interval.most) continue; // one run has none
      const [low, high] = [Math.max(interval.least, bottom), Math.min(interval.most, top)];
      parts.push(
        `<line x1="${x(rate).toFixed(1)}" x2="${x(rate).toFixed(1)}" y1="${y(low).toFixed(1)}" y2="${y(high).toFixed(1)}" stroke="${colour}"/>`,
      );
    }
    const last = mine.at(-1);
    parts.push(
      `<line x1="${(x(last.rate) + 3).toFixed(1)}" x2="${end + 16}" y1="${y(last.ms).toFixed(1)}" y2="${(labels[i] - 4).toFixed(1)}" stroke="${colour}" stroke-width="0.75"/>`,
      `<text x="${end + 20}" y="${labels[i].toFixed(1)}"${thick ? ' class="thick"' : ''} style="fill:${colour}">${name}</text>`,
    );
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" font-family="system-ui, sans-serif" font-size="12">
<title>${title}: p99 against load</title>
<style>
text { fill: #24292f; }
.title { font-size: 15px; font-weight: 600; }
.thick { font-weight: 600; }
.grid { stroke: #8b949e; stroke-opacity: 0.3; }
.objective { stroke: #24292f; stroke-dasharray: 6 4; }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3; } .objective { stroke: #e6edf3; } }
</style>
${parts.join('\n')}
</svg>
`;
}
