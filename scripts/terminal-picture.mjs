// Draws lines of a terminal, with their ANSI colours, as an SVG.

const ESC = '\x1b[';
const CHAR_WIDTH = 7.23;
const LINE_HEIGHT = 18;
const MARGIN = 12;
const COLOURS = { 31: '#ff7b72', 32: '#3fb950', 33: '#e3b341', 7: '#16181d', 2: '#7d838f' };

/**
 * @param {readonly string[]} lines
 * @param {{ columns: number, label: string }} options `label`: what the picture shows, for those who do not see it
 * @returns {string} the SVG
 */
export function terminalPicture(lines, { columns, label }) {
  const width = Math.ceil(columns * CHAR_WIDTH + 2 * MARGIN);
  const height = lines.length * LINE_HEIGHT + 2 * MARGIN;
  const drawn = lines
    .map((line, i) => drawLine(line, MARGIN + i * LINE_HEIGHT, { columns, width }))
    .join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">
<rect width="${width}" height="${height}" rx="6" fill="#16181d"/>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="12" fill="#d5d8de">
${drawn}</g>
</svg>
`;
}

/** Each style begins with an escape sequence, and ends with the next one. */
function drawLine(line, y, { columns, width }) {
  const back = line.startsWith(`${ESC}7m`)
    ? `<rect x="6" y="${y}" width="${width - 12}" height="${LINE_HEIGHT}" fill="#d5d8de"/>\n`
    : '';
  let column = 0;
  const texts = piecesOf(line).map(({ code, text }) => {
    const x = MARGIN + column * CHAR_WIDTH;
    const shown = text.slice(0, columns - column);
    column += shown.length;
    return drawText(shown.trimEnd(), code, x, y + 13);
  });
  return back + texts.join('');
}

function piecesOf(line) {
  const [first, ...others] = line.split(ESC);
  const styled = others.map((one) => {
    const end = one.indexOf('m');
    return { code: one.slice(0, end), text: one.slice(end + 1) };
  });
  return [{ code: '', text: first }, ...styled].filter(({ text }) => text !== '');
}

function drawText(text, code, x, y) {
  if (text.trim() === '') return '';
  const fill = COLOURS[code] === undefined ? '' : ` fill="${COLOURS[code]}"`;
  const weight = code === '1' ? ' font-weight="bold"' : '';
  const length = (text.length * CHAR_WIDTH).toFixed(0);
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll(' ', '\u00a0');
  return `<text x="${x.toFixed(0)}" y="${y}" textLength="${length}"${fill}${weight}>${escaped}</text>\n`;
}
