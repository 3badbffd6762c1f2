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
  const { traceEvents, ...others } = trace as { traceEvents?: unknown };
  if (!Array.isArray(traceEvents)) return ['traceEvents is no array'];
  // The only key that some versions of Perfetto read otherwise than others.
  if ('displayTimeUnit' in others) return ['it has a displayTimeUnit'];
  const events = traceEvents as ReadEvent[];
  return [
    ...events.flatMap((event) => faultsOfEvent(event).map((f) => `${f}: ${JSON.stringify(event)}`)),
    ...faultsOfNesting(events),
  ];
}

function faultsOfEvent({ name, ph, pid, tid, ts, dur, s, cat, args }: ReadEvent): string[] {
  const faults: string[] = [];
  const want = (is: boolean, what: string) => is || faults.push(what);
  // Whole nanoseconds: importers cut the rest off or round it, each in its own way.
  const isTime = (value: unknown) =>
    typeof value === 'number' && value >= 0 && nanoseconds(value) / 1000 === value;
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

/** As Perfetto reads it. */
const nanoseconds = (us: unknown) => Math.round(Number(us) * 1000);

/**
 * Slices of one thread lie in each other, or next to each other: one that ends after the slice in which it
 * begins is dropped by Perfetto, and be it by a nanosecond. Of two that begin together the outer is first.
 */
function faultsOfNesting(events: readonly ReadEvent[]): string[] {
  const faults: string[] = [];
  const open = new Map<unknown, { end: number; name: unknown }[]>();
  const slices = events
    .filter(({ ph }) => ph === 'X')
    .map(({ name, tid, ts, dur }) => {
      return { name, tid, ts: nanoseconds(ts), end: nanoseconds(ts) + nanoseconds(dur) };
    })
    .sort((a, b) => a.ts - b.ts);
  for (const { name, tid, ts, end } of slices) {
    const stack = open.get(tid) ?? [];
    open.set(tid, stack);
    while (stack.length > 0 && stack.at(-1)!.end <= ts) stack.pop();
    const around = stack.at(-1);
    if (around !== undefined && end > around.end) {
      faults.push(`${tid}: ${name} at ${ts} ns ends after ${around.name}, in which it begins`);
    }
    stack.push({ end, name });
  }
  return faults;
}
