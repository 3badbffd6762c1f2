// A graph of imports between files, folded to one between rooms. Knows no file system.

/** @typedef {{ from: string, to: string }} Arrow an import: of one file by another, relative to the repository */

/**
 * The room that a file is in: the longest of the names that is the file, or a folder above it.
 *
 * @param {string} file relative to the home of the rooms
 * @param {readonly string[]} names
 */
export function roomOf(file, names) {
  return names
    .filter((name) => file === name || file.startsWith(`${name}/`))
    .sort((a, b) => b.length - a.length)[0];
}

/** @returns {Map<string, Set<string>>} each node, and the other nodes that it points to */
export function graphOf(nodes, arrows) {
  const graph = new Map([...nodes].sort().map((node) => [node, new Set()]));
  for (const { from, to } of arrows) {
    if (from !== to && graph.has(to)) graph.get(from)?.add(to);
  }
  return graph;
}

/** Tarjan's: the sets of nodes that reach each other, of more than one node, each sorted. */
export function circlesOf(graph) {
  const index = new Map();
  const low = new Map();
  const stack = [];
  const circles = [];
  const visit = (node) => {
    index.set(node, index.size);
    low.set(node, index.get(node));
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(node, Math.min(low.get(node), low.get(next)));
    }
    if (low.get(node) !== index.get(node)) return;
    const circle = stack.splice(stack.indexOf(node));
    if (circle.length > 1) circles.push(circle.sort());
  };
  for (const node of graph.keys()) if (!index.has(node)) visit(node);
  return circles;
}

/**
 * On which floor each node stands: 1 if it points to nothing, otherwise one above the highest that it points to.
 * An arrow that closes a circle is not counted.
 *
 * @returns {Map<string, number>}
 */
export function floorsOf(graph) {
  const floors = new Map();
  const visit = (node, above) => {
    if (above.includes(node)) return 0;
    const known = floors.get(node);
    if (known !== undefined) return known;
    const below = [...graph.get(node)].map((next) => visit(next, [...above, node]));
    const floor = 1 + Math.max(0, ...below);
    floors.set(node, floor);
    return floor;
  };
  for (const node of graph.keys()) visit(node, []);
  return floors;
}

/** One of the longest paths: it is what the number of floors counts. */
export function longestPath(graph, floors) {
  const highest = (nodes) => [...nodes].sort((a, b) => floors.get(b) - floors.get(a))[0];
  const path = [];
  for (
    let node = highest(graph.keys());
    node !== undefined && !path.includes(node);
    node = highest(graph.get(node))
  ) {
    path.push(node);
  }
  return path;
}
