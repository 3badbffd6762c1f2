// Reads which numbers an app's mapping writes, from the options of `schedhint doctor --layered`. They are named as those of layered().

/** The numbers that an app writes to scx_layered's map. */
export interface Mapping {
  /** During a collection's pause; null: as otherwise. */
  readonly gc: number | null;
  /** When there is no hint; null: the element is deleted, which no version of schedhint does that has `normal`. */
  readonly normal: number | null;
  /** For the urgencies, in rising order; one that is mapped to null has the normal number. */
  readonly urgencies: readonly number[];
}

/** As the command was given them. */
export interface MappingOptions {
  readonly gc?: string | undefined;
  readonly normal?: string | undefined;
  readonly urgency?: string | undefined;
}

/** The mapping of docs/channels.md. A test holds it equal to the page. */
export const DOCUMENTED: Mapping = { gc: 900, normal: 1, urgencies: [900] };

const MOST = 1024;
const NONE = 'none';

/** @throws TypeError `ERR_SCHEDHINT_OPTION` */
export function readMapping({ gc, normal, urgency }: MappingOptions): Mapping {
  return {
    gc: gc === undefined ? DOCUMENTED.gc : numberOrNone('--layered-gc', gc),
    normal: normal === undefined ? DOCUMENTED.normal : numberOrNone('--layered-normal', normal),
    urgencies: urgency === undefined ? DOCUMENTED.urgencies : numbers('--layered-urgency', urgency),
  };
}

/** All numbers of a mapping, and when each is written. */
export function rolesOf({
  gc,
  normal,
  urgencies,
}: Mapping): ReadonlyMap<number, readonly string[]> {
  const roles = new Map<number, string[]>();
  const add = (number: number | null, role: string) => {
    if (number !== null) roles.set(number, [...(roles.get(number) ?? []), role]);
  };
  add(gc, 'a collection');
  for (const urgency of urgencies) add(urgency, 'an urgency');
  add(normal, 'no hint');
  return roles;
}

/** 1, 2, 3, 7 as "1-3, 7". */
export function ranges(numbers: readonly number[]): string {
  const found: [number, number][] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = found.at(-1);
    if (last !== undefined && number === last[1] + 1) last[1] = number;
    else found.push([number, number]);
  }
  return found.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
}

function numberOrNone(option: string, text: string): number | null {
  return text === NONE ? null : numberIn(option, text, text, `"${NONE}"`);
}

function numbers(option: string, text: string): readonly number[] {
  if (text === NONE) return [];
  const all = text.split(',').flatMap((part) => {
    const [from, to = from, ...rest] = part
      .split('-')
      .map((one) => numberIn(option, one, text, `ranges of them ("900,1-9"), or "${NONE}"`));
    if (rest.length > 0 || to! < from!)
      throw wrong(option, text, `ranges of them ("900,1-9"), or "${NONE}"`);
    return Array.from({ length: to! - from! + 1 }, (_, i) => from! + i);
  });
  return [...new Set(all)].sort((a, b) => a - b);
}

function numberIn(option: string, text: string, whole: string, others: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number > MOST) throw wrong(option, whole, others);
  return number;
}

function wrong(option: string, text: string, others: string): TypeError {
  return Object.assign(
    new TypeError(
      `${option} needs a whole number from 0 to ${MOST}, ${others}, got ${JSON.stringify(text)}`,
    ),
    { code: 'ERR_SCHEDHINT_OPTION' },
  );
}
