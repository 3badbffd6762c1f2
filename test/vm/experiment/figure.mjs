// The figure: bars with intervals, in multiples of what the same took without hogs, on a logarithmic
// scale, where twice and half are as far from 1.

const ARMS = [
  ['kernel', 'kernel default', '#9aa5b1'],
  ['off', 'hints off', '#e0a458'],
  ['on', 'hints on', '#3a7d5c'],
];
const WIDTH = 860;
const PLOT = { left: 60, top: 50, width: 780, height: 240 };
const BAR = 28;

export function figure({ measures }) {
  const all = measures.flatMap(({ arms }) => ARMS.map(([arm]) => arms[arm]));
  const ends = all.flatMap(({ value, low, high }) => [low || value, high || value]);
  const top = Math.ceil(Math.log2(Math.max(...ends)));
  const bottom = Math.min(-1, Math.floor(Math.log2(Math.min(...ends))));
  const y = (value) => PLOT.top + (PLOT.height * (top - Math.log2(value))) / (top - bottom);
  const parts = [];
  for (let power = bottom; power <= top; power++) {
    const at = y(2 ** power).toFixed(1);
    parts.push(
      `<line x1="${PLOT.left}" x2="${PLOT.left + PLOT.width}" y1="${at}" y2="${at}" stroke="${power === 0 ? '#444' : '#d7dce1'}"/>`,
      `<text x="${PLOT.left - 8}" y="${Number(at) + 4}" text-anchor="end">${2 ** power}x</text>`,
    );
  }
  const group = PLOT.width / measures.length;
  measures.forEach(({ title, arms }, i) => {
    const center = PLOT.left + group * (i + 0.5);
    ARMS.forEach(([arm, , colour], j) => {
      const x = center + (j - 1.5) * (BAR + 4);
      const middle = x + BAR / 2;
      const { value, low, high } = arms[arm];
      const [from, to] = [y(Math.max(value, 1)), y(Math.min(value, 1))];
      parts.push(
        `<rect x="${x.toFixed(1)}" y="${from.toFixed(1)}" width="${BAR}" height="${(to - from).toFixed(1)}" fill="${colour}"/>`,
      );
      if (Number.isNaN(low)) return; // one pair has no interval
      parts.push(
        `<line x1="${middle}" x2="${middle}" y1="${y(low).toFixed(1)}" y2="${y(high).toFixed(1)}" stroke="#222"/>`,
      );
    });
    parts.push(
      `<text x="${center}" y="${PLOT.top + PLOT.height + 20}" text-anchor="middle">${title}</text>`,
    );
  });
  ARMS.forEach(([, title, colour], j) => {
    const x = PLOT.left + j * 150;
    parts.push(
      `<rect x="${x}" y="16" width="12" height="12" fill="${colour}"/>`,
      `<text x="${x + 18}" y="26">${title}</text>`,
    );
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} 330" font-family="sans-serif" font-size="12" fill="#222">
<title>Times beside CPU hogs, in multiples of the time without them</title>
<rect width="${WIDTH}" height="330" fill="#fff"/>
${parts.join('\n')}
</svg>
`;
}
