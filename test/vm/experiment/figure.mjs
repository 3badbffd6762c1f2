// The figure: bars with intervals, in multiples of what the same took without hogs.

const ARMS = [
  ['kernel', 'kernel default', '#9aa5b1'],
  ['off', 'hints off', '#e0a458'],
  ['on', 'hints on', '#3a7d5c'],
];
const WIDTH = 860;
const PLOT = { left: 60, top: 50, width: 780, height: 240 };
const BAR = 28;

export function figure({ measures }) {
  const highest = Math.max(
    ...measures.flatMap(({ arms }) => ARMS.map(([arm]) => arms[arm].high || arms[arm].value)),
  );
  const step = highest > 12 ? 5 : highest > 5 ? 2 : 1;
  const top = Math.ceil(highest / step) * step;
  const y = (value) => PLOT.top + PLOT.height * (1 - value / top);
  const parts = [];
  for (let value = 0; value <= top; value += step) {
    parts.push(
      `<line x1="${PLOT.left}" x2="${PLOT.left + PLOT.width}" y1="${y(value)}" y2="${y(value)}" stroke="#d7dce1"/>`,
      `<text x="${PLOT.left - 8}" y="${y(value) + 4}" text-anchor="end">${value}x</text>`,
    );
  }
  parts.push(
    `<line x1="${PLOT.left}" x2="${PLOT.left + PLOT.width}" y1="${y(1)}" y2="${y(1)}" stroke="#444" stroke-dasharray="4 3"/>`,
  );
  const group = PLOT.width / measures.length;
  measures.forEach(({ title, arms }, i) => {
    const center = PLOT.left + group * (i + 0.5);
    ARMS.forEach(([arm, , colour], j) => {
      const x = center + (j - 1.5) * (BAR + 4);
      const middle = x + BAR / 2;
      const { value, low, high } = arms[arm];
      parts.push(
        `<rect x="${x.toFixed(1)}" y="${y(value).toFixed(1)}" width="${BAR}" height="${(y(0) - y(value)).toFixed(1)}" fill="${colour}"/>`,
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
