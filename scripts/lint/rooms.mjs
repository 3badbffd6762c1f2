// Holds imports to the rooms of rooms.config.mjs: no arrow that is not in the table, no circle, no more floors than allowed.
// Writes the graph into CONTRIBUTING.md with --write, otherwise fails where that is stale. --root DIR checks another checkout.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cppImports, typeScriptImports } from './imports.mjs';
import { circlesOf, floorsOf, graphOf, longestPath, roomOf } from './room-graph.mjs';
import { cpp, nativeUsers, otherSources, typeScript } from './rooms.config.mjs';

const flag = process.argv.indexOf('--root');
const root =
  flag === -1 ? fileURLToPath(new URL('../..', import.meta.url)) : process.argv[flag + 1];
const problems = [];

/** What is in a home, with its paths from there. */
function within({ home }, { files, arrows }) {
  const isIn = (file) => file.startsWith(`${home}/`);
  const local = (file) => file.slice(home.length + 1);
  return {
    files: files.filter(isIn).map(local),
    arrows: arrows
      .filter(({ from, to }) => isIn(from) && isIn(to))
      .map(({ from, to }) => ({ from: local(from), to: local(to) })),
  };
}

const isUnder = (path, folders) =>
  folders.some((folder) => path === folder || path.startsWith(`${folder}/`));

/** Reports the files that are in no room, the rooms without files, and the arrows that the table does not have. */
function judgeArrows({ home, rooms }, { files, arrows }, room) {
  const complain = (text) => problems.push(`${home}: ${text}`);
  const homeless = files.filter((file) => room(file) === undefined);
  if (homeless.length > 0) complain(`in no room: ${homeless.join(', ')}`);
  for (const name of Object.keys(rooms)) {
    if (!files.some((file) => room(file) === name)) complain(`nothing is in the room ${name}`);
  }
  for (const { from, to } of arrows) {
    const [a, b] = [room(from), room(to)];
    if (a === b || a === undefined || b === undefined || rooms[a].includes(b)) continue;
    complain(`${from} imports ${to}, but ${a} may not import ${b}`);
  }
}

/** Reports all that the table does not allow, and returns the graph of rooms as it is. */
function judge(table, { files, arrows }) {
  const { home, rooms, maxFloors = 1 } = table;
  const names = Object.keys(rooms);
  const room = (file) => roomOf(file, names) ?? ('.' in rooms ? '.' : undefined);
  judgeArrows(table, { files, arrows }, room);

  const graph = graphOf(
    files.map(room).filter((name) => name !== undefined),
    arrows.map(({ from, to }) => ({ from: room(from), to: room(to) })),
  );
  const circles = [...circlesOf(graphOf(files, arrows)), ...circlesOf(graph)];
  for (const circle of circles) problems.push(`${home}: a circle: ${circle.join(', ')}`);

  const floors = floorsOf(graph);
  const height = Math.max(0, ...floors.values());
  if (height > maxFloors) problems.push(`${home}: ${height} floors, at most ${maxFloors} may be`);
  const path = longestPath(graph, floors).join(' > ');
  const counts = `floors ${height} (at most ${maxFloors}), rooms ${graph.size}, files ${files.length}`;
  console.log(`  ${home}: ${counts}, circles ${circles.length}${height > 1 ? `; ${path}` : ''}`);
  return { home, graph, floors, height };
}

function judgePackages(packages) {
  for (const { from, name } of packages) {
    const [, target] = /^(schedhint|@schedhint\/[^/]+)/.exec(name);
    const own = typeScript.find(({ home }) => isUnder(from, [home]));
    if (own !== undefined && !own.imports.includes(target)) {
      problems.push(`${from} imports ${name}, but ${own.name} may not import ${target}`);
    } else if (target === '@schedhint/native' && !isUnder(from, nativeUsers)) {
      problems.push(`${from} imports ${name}, and is not among the files that may`);
    }
  }
}

/** The graph as text, the highest floor first. */
function picture({ home, graph, floors, height }) {
  const nodes = [...graph.keys()].sort((a, b) => floors.get(b) - floors.get(a) || (a < b ? -1 : 1));
  const width = Math.max(...nodes.map((node) => node.length));
  const lines = nodes.map((node) => {
    const below = [...graph.get(node)].sort(
      (a, b) => floors.get(b) - floors.get(a) || (a < b ? -1 : 1),
    );
    return `  ${floors.get(node)}  ${node.padEnd(width)}${below.length > 0 ? `  -> ${below.join(', ')}` : ''}`.trimEnd();
  });
  return [`${home}: ${height} floors`, ...lines].join('\n');
}

function updatePage(graphs) {
  const page = join(root, 'CONTRIBUTING.md');
  const text = readFileSync(page, 'utf8');
  const block = /(<!-- rooms: [^\n]*-->\n)[\s\S]*?(<!-- end of rooms -->)/;
  if (!block.test(text)) return problems.push('CONTRIBUTING.md has no place for the rooms');
  const pictures = graphs.filter(({ graph }) => graph.size > 1).map(picture);
  const content = `\n\`\`\`text\n${pictures.join('\n\n')}\n\`\`\`\n\n`;
  const now = text.replace(block, (_, begin, end) => `${begin}${content}${end}`);
  if (now === text) return;
  if (process.argv.includes('--write')) writeFileSync(page, now);
  else problems.push('CONTRIBUTING.md shows other rooms than there are: npm run format');
}

const homes = typeScript.map(({ home }) => home);
const read = await typeScriptImports(root, [...homes, ...otherSources]);
const graphs = typeScript.map((table) => judge(table, within(table, read)));
judgePackages(read.packages);
for (const table of cpp) {
  const { home, includePath, outside } = table;
  const included = cppImports(root, home, includePath);
  graphs.push(judge(table, within(table, included)));
  for (const { from, to } of included.arrows) {
    if (!isUnder(to, [home, ...outside]))
      problems.push(`${from} includes ${to}, which is not for it`);
  }
}
updatePage(graphs);
for (const problem of problems) console.log(`  ${problem}`);
process.exit(problems.length > 0 ? 1 : 0);
