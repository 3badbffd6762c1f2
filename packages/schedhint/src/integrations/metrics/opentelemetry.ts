// Makes the metrics as instruments of a meter of OpenTelemetry.

import { type Stoppable, stoppable } from '@schedhint/core/thread';
import {
  FEEDBACK_COUNTERS,
  GAUGES,
  type MeasuredThread,
  type MetricsOptions,
  observeOwnCollections,
  ownStalls,
  STALL_COUNTERS,
  threadsOf,
} from './figures.js';

/** As much of OpenTelemetry's observable instruments as is called. */
export interface OtelInstrument {
  /** Asks the callback at each export. */
  addCallback(callback: OtelCallback): void;
  /** Does not ask it any more. */
  removeCallback(callback: OtelCallback): void;
}

/** Reports values of an instrument. */
export type OtelCallback = (result: {
  /** Reports one. */
  observe(value: number, attributes?: Record<string, string>): void;
}) => void;

/** As much of OpenTelemetry's `Meter` as is called. */
export interface OtelMeter {
  /** Creates a histogram, whose values are recorded. */
  createHistogram(
    name: string,
    options: {
      description: string;
      unit: string;
      advice: { explicitBucketBoundaries: number[] };
    },
  ): {
    /** Records one value. */
    record(value: number, attributes?: Record<string, string>): void;
  };
  /** Creates a gauge that asks its callbacks. */
  createObservableGauge(name: string, options: { description: string }): OtelInstrument;
  /** Creates a counter that asks its callbacks. */
  createObservableCounter(
    name: string,
    options: { description: string; unit: string },
  ): OtelInstrument;
}

/** Those that OpenTelemetry's conventions have for `v8js.gc.duration`, and 1 ms: most pauses are shorter than 10. */
const BOUNDARIES = [0.001, 0.01, 0.1, 1, 10];

export function isMeter(target: unknown): target is OtelMeter {
  const { createHistogram, createObservableGauge } = (target ?? {}) as Partial<OtelMeter>;
  return typeof createHistogram === 'function' && typeof createObservableGauge === 'function';
}

export function collectInMeter(meter: OtelMeter, options: MetricsOptions): Stoppable {
  const threads = threadsOf(options);
  const pauses = meter.createHistogram('schedhint.gc.duration', {
    description: 'GC pauses',
    unit: 's',
    advice: { explicitBucketBoundaries: [...(options.buckets ?? BOUNDARIES)] },
  });
  const stops: (() => void)[] = [];
  const ask = (instrument: OtelInstrument, callback: OtelCallback) => {
    instrument.addCallback(callback);
    stops.push(() => instrument.removeCallback(callback));
  };
  const observe = (instrument: OtelInstrument, read: (thread: MeasuredThread) => number) =>
    ask(instrument, (result) => {
      for (const [name, thread] of Object.entries(threads())) {
        result.observe(read(thread), { 'thread.name': name });
      }
    });
  for (const { name, help: description, read } of GAUGES) {
    observe(meter.createObservableGauge(`schedhint.${name}`, { description }), read);
  }
  for (const { name, isSeconds, help: description, read } of FEEDBACK_COUNTERS) {
    const unit = isSeconds ? 's' : '{switch}';
    const instrument = meter.createObservableCounter(`schedhint.${name}`, { description, unit });
    observe(instrument, ({ feedback }) => read(feedback));
  }
  for (const counter of STALL_COUNTERS) {
    const { unit, help: description } = counter;
    ask(meter.createObservableCounter(counter.name.otel, { description, unit }), (result) => {
      for (const { thread, label, name, value } of ownStalls(counter)) {
        result.observe(value, { 'thread.name': thread, [`schedhint.stall.${label}`]: name });
      }
    });
  }
  stops.push(
    observeOwnCollections(options, (kind, seconds, thread) =>
      pauses.record(seconds, { 'thread.name': thread, 'schedhint.gc.kind': kind }),
    ),
  );
  return stoppable(() => {
    for (const one of stops) one();
  });
}
