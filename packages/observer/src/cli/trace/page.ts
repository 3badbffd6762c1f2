// Renders a timeline as one HTML file, with the viewer's style and script and the data inlined.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PHASES, pauseName, trackName } from './names.js';
import type { Timeline, Track } from './timeline.js';

const part = (name: string) => readFileSync(join(__dirname, '../../../viewer', name), 'utf8');

/** The timeline as one page that needs nothing else. */
export function page(timeline: Timeline): string {
  // What could end the script, or the page, is in threads' names.
  const data = JSON.stringify(dataOf(timeline)).replaceAll('<', '\\u003c');
  return part('timeline.html')
    .replace('/* STYLE */', () => part('timeline.css'))
    .replace('"DATA"', () => data)
    .replace('/* SCRIPT */', () => part('timeline.js'));
}

const us = (ns: number) => Math.round(ns) / 1000;

/** What viewer/timeline.js draws; times in microseconds, spans as [start, end, …]. */
function dataOf({ pid, name, durationNs, tracks }: Timeline) {
  return { pid, name, durationUs: us(durationNs), tracks: tracks.map(trackData) };
}

function trackData(track: Track) {
  const total = (spans: readonly { start: number; end: number }[]) =>
    us(spans.reduce((sum, { start, end }) => sum + end - start, 0));
  const { onCpu, waits, pauses, shortPauses, preemptions, hints, kind } = track;
  return {
    name: trackName(track),
    kind,
    onCpu: onCpu.map(({ start, end, cpu, inGc }) => [
      us(start),
      us(end),
      cpu,
      kind === 'helper' && inGc ? 1 : 0,
    ]),
    waits: waits.map(({ start, end }) => [us(start), us(end)]),
    pauses: pauses.map(({ start, end, kinds }) => [us(start), us(end), pauseName(kinds)]),
    preemptions: preemptions.map(({ at, inGc }) => [us(at), inGc ? 1 : 0]),
    hints: hints.map(({ at, hints: { urgency, batch, sliceUs, deadlineNs, phase } }) => [
      us(at),
      `urgency ${batch ? 'batch' : urgency}, slice ${sliceUs} us, deadline ${deadlineNs === 0n ? 'none' : deadlineNs}, ${PHASES[phase] ?? phase}`,
    ]),
    totals: {
      cpuUs: total(onCpu),
      waitUs: total(waits),
      pauses: pauses.length,
      shortPauses: shortPauses.reduce((sum, { count }) => sum + count, 0),
      gcUs: total(pauses),
      preempted: preemptions.length,
      gcPreempted: preemptions.filter(({ inGc }) => inGc).length,
      hints: hints.length,
    },
  };
}
