// Judges the layers of scx_layered 1.1.4 by the numbers that an app writes: which numbers no layer names, and which layers a thread
// does not leave. What it says of scx_layered is measured: npm run matrix -- peers.

import { type Check, fail, pass, warn } from '../check.js';
import { type Layer, readLayers } from './layer-file.js';
import { type Mapping, ranges, rolesOf } from './mapping.js';

const NAME = 'layers';
const SEE = 'docs/channels.md';

/** One check for each fault; without faults one that passes. */
export function judgeLayers(text: string, mapping: Mapping): readonly Check[] {
  const read = readLayers(text);
  if ('faults' in read) {
    return read.faults.map(({ found, todo }) =>
      fail(NAME, `scx_layered refuses it: ${found}`, todo),
    );
  }
  const { layers } = read;
  const owners = ownersOf(layers);
  const checks = [
    ...unnamed(owners, mapping),
    ...notLeft(owners, mapping),
    ...closed(owners, mapping),
    ...neverEntered(layers, mapping),
  ];
  return checks.some(({ state }) => state === 'fail')
    ? checks
    : [passed(owners, mapping), ...checks];
}

interface Owner {
  readonly layer: string;
  readonly index: number;
  readonly gates: readonly string[];
}
type Owners = ReadonlyMap<number, Owner>;

/** scx_layered takes the thresholds of the first block that names a number. */
function ownersOf(layers: readonly Layer[]): Owners {
  const owners = new Map<number, Owner>();
  layers.forEach(({ name, hints }, index) => {
    for (const { hint, gates } of hints) {
      if (!owners.has(hint)) owners.set(hint, { layer: name, index, gates });
    }
  });
  return owners;
}

const quoted = (name: string) => JSON.stringify(name);
const layerFor = (name: string, number: number) =>
  `{"name": ${quoted(name)}, "matches": [[{"HintEquals": ${number}}]], "kind": {"Open": {}}}`;

function unnamed(owners: Owners, mapping: Mapping): Check[] {
  const byRole = new Map<string, number[]>();
  for (const [number, roles] of rolesOf(mapping)) {
    if (owners.has(number)) continue;
    const role = roles.join(' and ');
    byRole.set(role, [...(byRole.get(role) ?? []), number]);
  }
  return [...byRole].map(([role, numbers]) => {
    const example = layerFor(
      role === 'no hint' ? 'hinted-normal' : `hinted-${numbers[0]}`,
      numbers[0]!,
    );
    const named = ranges([...owners.keys()]);
    return fail(
      NAME,
      `no layer names ${ranges(numbers)} (written for ${role}): a thread that sleeps goes to the layer of its other rules; a busy one stays where it is, with as little as half of its CPU time, and no other number moves it until it sleeps`,
      numbers.length === 1
        ? `put this before the last layer: ${example}`
        : `map them to numbers that a layer names${named === '' ? '' : ` (${named})`}, as urgency: (urgency) => (urgency >= 800 ? 900 : null) does`,
    );
  });
}

/** Layers in which a thread stays when its hint has ended. */
function notLeft(owners: Owners, { gc, normal, urgencies }: Mapping): Check[] {
  const hinted = new Map<number, { layer: string; numbers: number[] }>();
  for (const number of new Set([...(gc === null ? [] : [gc]), ...urgencies])) {
    const owner = owners.get(number);
    if (owner === undefined || number === normal) continue;
    const { numbers } = hinted.get(owner.index) ?? { numbers: [] };
    hinted.set(owner.index, { layer: owner.layer, numbers: [...numbers, number] });
  }
  const names = [...hinted.values()].map(({ layer }) => quoted(layer)).join(', ');
  if (normal === null) {
    return hinted.size === 0
      ? []
      : [
          fail(
            NAME,
            `a thread whose number is deleted stays in ${names}: scx_layered looks only at threads that have a number`,
            `write a number instead, as layered() does, and name it: ${layerFor('hinted-normal', 1)}`,
          ),
        ];
  }
  const home = owners.get(normal);
  if (home === undefined) return []; // that it is not named has been said
  const same = hinted.get(home.index);
  if (same !== undefined) {
    return [
      fail(
        NAME,
        `${quoted(home.layer)} has ${ranges(same.numbers)}, for a hint, and ${normal}, for no hint: a thread whose hint ends stays there`,
        `give the normal number a separate layer: ${layerFor('hinted-normal', normal)}`,
      ),
    ];
  }
  if (home.gates.length === 0 || hinted.size === 0) return [];
  return [
    fail(
      NAME,
      `${quoted(home.layer)} takes no thread while ${home.gates.join(' or ')} is exceeded: a thread whose hint ends then stays in ${names}`,
      `remove ${home.gates.join(' and ')} next to HintEquals ${normal}`,
    ),
  ];
}

/** Layers of a hint that are closed for a time. */
function closed(owners: Owners, { gc, normal, urgencies }: Mapping): Check[] {
  const numbers = [...new Set([...(gc === null ? [] : [gc]), ...urgencies])];
  return numbers.flatMap((number) => {
    const owner = owners.get(number);
    if (owner === undefined || owner.gates.length === 0 || number === normal) return [];
    return [
      warn(
        NAME,
        `${quoted(owner.layer)} takes no thread while ${owner.gates.join(' or ')} is exceeded; a busy thread with ${number} has as little as half of its CPU time then`,
        `nothing, if that is meant; else remove ${owner.gates.join(' and ')} next to HintEquals ${number}`,
      ),
    ];
  });
}

/** Layers that only numbers lead to, and none that is written. */
function neverEntered(layers: readonly Layer[], mapping: Mapping): Check[] {
  const written = rolesOf(mapping);
  return layers.flatMap(({ name, hints, others }) => {
    if (others || hints.length === 0 || hints.some(({ hint }) => written.has(hint))) return [];
    return [
      warn(
        NAME,
        `nothing writes ${ranges(hints.map(({ hint }) => hint))}, the only way into ${quoted(name)}`,
        `nothing, if another program does; else map an urgency to it, or remove the layer (${SEE})`,
      ),
    ];
  });
}

function passed(owners: Owners, mapping: Mapping): Check {
  const ways = [...rolesOf(mapping)].map(
    ([number, roles]) => `${number} (${roles.join(', ')}) -> ${quoted(owners.get(number)!.layer)}`,
  );
  return pass(
    NAME,
    `${ways.join('; ') || 'no number is written'}: a layer names each, and each is left`,
  );
}
