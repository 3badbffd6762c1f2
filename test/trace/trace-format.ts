/** An event as it was read: nothing of it is certain. */
export interface ReadEvent {
  readonly name?: unknown;
  readonly ph?: unknown;
  readonly pid?: unknown;
  readonly tid?: unknown;
  readonly ts?: unknown;
  readonly dur?: unknown;
  readonly s?: unknown;
  readonly cat?: unknown;
  readonly args?: unknown;
}

/**
 * What of a trace is not as Chrome's trace event format has it ("JSON Object Format", with the event
 * types that we use), or would not be drawn by Perfetto as it is meant.
 */
export function faultsOf(trace: unknown): string[] {
  const { traceEvents } = trace as { traceEvents?: unknown };
  if (!Array.isArray(traceEvents)) return ['traceEvents is no array'];
  const events = traceEvents as ReadEvent[];
  return [
    ...events.flatMap((event) => faultsOfEvent(event).map((f) => `${f}: ${JSON.stringify(event)}`)),
    ...faultsOfNesting(events),
  ];
}

function faultsOfEvent({ name, ph, pid, tid, ts, dur, s, cat, args }: ReadEvent): string[] {
  const faults: string[] = [];
  const want = (is: boolean, what: string) => is || faults.push(what);
  const isTime = (value: unknown) => typeof value === 'number' && value >= 0;
  want(typeof name === 'string' && name !== '', 'no name');
  want(Number.isInteger(pid) && Number.isInteger(tid), 'no pid or tid');
  want(args === undefined || (typeof args === 'object' && args !== null), 'args is no object');
  switch (ph) {
    case 'X':
      want(isTime(ts) && isTime(dur), 'a slice without ts or dur');
      want(typeof cat === 'string', 'a slice without a category');
      break;
    case 'i':
      want(isTime(ts), 'an instant without ts');
      want(s === 't', 'an instant that is not of its thread');
      break;
    case 'C':
      want(isTime(ts), 'a counter without ts');
      want(
        Object.values(args ?? {}).every((value) => typeof value === 'number') && args !== undefined,
        'a counter whose values are no numbers',
      );
      break;
    case 'M':
      want(
        ['process_name', 'thread_name', 'thread_sort_index'].includes(String(name)),
        'metadata of an unknown name',
      );
      break;
    default:
      faults.push(`an unknown phase ${ph}`);
  }
  return faults;
}

/** Slices of one thread lie in each other, or beside each other. */
function faultsOfNesting(events: readonly ReadEvent[]): string[] {
  const faults: string[] = [];
  const open = new Map<unknown, { end: number; name: unknown }[]>();
  const slices = events
    .filter(({ ph }) => ph === 'X')
    .map(({ name, tid, ts, dur }) => ({ name, tid, ts: Number(ts), end: Number(ts) + Number(dur) }))
    .sort((a, b) => a.ts - b.ts || b.end - a.end);
  const HALF_NS = 0.0005; // decimal fractions of microseconds are no binary ones
  for (const { name, tid, ts, end } of slices) {
    const stack = open.get(tid) ?? [];
    open.set(tid, stack);
    while (stack.length > 0 && stack.at(-1)!.end <= ts + HALF_NS) stack.pop();
    const around = stack.at(-1);
    if (around !== undefined && end > around.end + HALF_NS) {
      faults.push(`${tid}: ${name} at ${ts} ends after ${around.name}, in which it begins`);
    }
    stack.push({ end, name });
  }
  return faults;
}
