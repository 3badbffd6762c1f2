// Calls listeners after each write to any hints of this isolate. While there are listeners it replaces the members of the hint classes that
// write: without them nothing is looked at, and the compiled code of a write stays as it is.

import { setImmediate } from 'node:timers';
import { BlockHints, SET_CHECKED } from '../block/block-hints.js';
import type { Hints } from '../block/hints.js';
import { LayeredHints } from '../channel/layered-hints.js';
import { TldHints } from '../channel/tld-hints.js';
import { type Stoppable, stoppable } from '../thread/stoppable.js';

type Listener = (hints: Hints) => void;

/** Those of several channels write by these. */
const CLASSES = [BlockHints, LayeredHints, TldHints];

const ASSIGNED = ['urgency', 'batch', 'sliceUs', 'deadlineMs', 'deadlineNs', 'user', 'phase'];

// A reference of load time: a test's fake timers may replace it.
const nextTurn = setImmediate;

const listeners = new Set<Listener>();
/** Hints of which a group waits for the block's other writer. */
const waiting = new Set<Hints>();
let restore: (() => void) | undefined;
/** How many writes are running: one calls another. */
let depth = 0;

/** @param listener called after each write that did not throw, and after a group that had to wait was written */
export function onWrites(listener: Listener): Stoppable {
  listeners.add(listener);
  restore ??= watch();
  return stoppable(() => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    restore?.();
    restore = undefined;
    waiting.clear();
  });
}

/** Replaces what writes; the result undoes it. */
function watch(): () => void {
  const replaced: [object, string | symbol, PropertyDescriptor][] = [];
  const replace = (
    of: object,
    name: string | symbol,
    change: (was: PropertyDescriptor) => object,
  ) => {
    const was = Object.getOwnPropertyDescriptor(of, name)!;
    replaced.push([of, name, was]);
    Object.defineProperty(of, name, { ...was, ...change(was) });
  };
  for (const { prototype } of CLASSES) {
    for (const name of ASSIGNED) {
      replace(prototype, name, ({ set }) => ({
        set(this: Hints, value: unknown) {
          write(this, () => set!.call(this, value), tell);
        },
      }));
    }
    replace(prototype, 'set', ({ value: set }) => ({
      value(this: Hints, values: object) {
        // A group of nothing writes nothing.
        const isEmpty = Object.values(values ?? {}).every((value) => value === undefined);
        write(this, () => set.call(this, values), isEmpty ? () => {} : tellOfGroup);
      },
    }));
    replace(prototype, 'reset', ({ value: reset }) => ({
      value(this: Hints) {
        write(this, () => reset.call(this), tellOfGroup);
      },
    }));
  }
  replace(BlockHints.prototype, SET_CHECKED, ({ value: set }) => ({
    value(this: Hints, urgency: number, deadlineNs: number) {
      write(this, () => set.call(this, urgency, deadlineNs), tellOfGroup);
    },
  }));
  return () => {
    for (const [of, name, was] of replaced) Object.defineProperty(of, name, was);
  };
}

/** Runs a write. Of those that call each other the outermost is the one that counts. */
function write(hints: Hints, run: () => void, then: Listener): void {
  depth++;
  try {
    run();
  } finally {
    depth--;
  }
  if (depth === 0) then(hints);
}

function tell(hints: Hints): void {
  for (const listener of listeners) listener(hints);
}

function tellOfGroup(hints: Hints): void {
  const isKnown = waiting.delete(hints);
  if (!isWaiting(hints)) {
    tell(hints);
    return;
  }
  waiting.add(hints);
  if (!isKnown) tellLater(hints);
}

/** The hints try again in each turn, and began to before this does. */
function tellLater(hints: Hints): void {
  nextTurn(() => {
    if (!waiting.has(hints)) return;
    if (isWaiting(hints)) {
      tellLater(hints);
    } else {
      waiting.delete(hints);
      tell(hints);
    }
  }).unref();
}

function isWaiting(hints: Hints): boolean {
  if (hints instanceof BlockHints) return BlockHints.isWaiting(hints);
  return hints instanceof LayeredHints && LayeredHints.isWaiting(hints);
}
