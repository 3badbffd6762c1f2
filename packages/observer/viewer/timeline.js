// Draws the timeline that `schedhint trace --html` has put into the page. No library, no network.

(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const canvas = document.querySelector('canvas');
  const tip = document.getElementById('tip');
  const context = canvas.getContext('2d');
  const colour = (name) =>
    getComputedStyle(document.querySelector(`.${name}`))
      .getPropertyValue('--c')
      .trim();
  const COLOURS = Object.fromEntries(
    ['cpu', 'wait', 'minor', 'major', 'helps', 'preempted', 'preempted-gc', 'hint'].map((name) => [
      name,
      colour(name),
    ]),
  );
  const LABEL_WIDTH = 190;
  const AXIS_HEIGHT = 24;
  /** Of a JavaScript thread: collections, below them the CPU; of a helper the CPU alone. */
  const HEIGHTS = { js: 48, helper: 20 };
  const view = { start: 0, end: data.durationUs };

  const rows = [];
  let bottom = AXIS_HEIGHT;
  for (const track of data.tracks) {
    rows.push({ track, y: bottom, height: HEIGHTS[track.kind] });
    bottom += HEIGHTS[track.kind];
  }

  const width = () => canvas.clientWidth - LABEL_WIDTH;
  const xOf = (us) => LABEL_WIDTH + ((us - view.start) / (view.end - view.start)) * width();
  const usOf = (x) => view.start + ((x - LABEL_WIDTH) / width()) * (view.end - view.start);
  const timeText = (us) => (us >= 1000 ? `${(us / 1000).toFixed(3)} ms` : `${us.toFixed(1)} us`);

  /** Spans in view; at least a pixel each, so that none is invisible. */
  function bars(spans, y, height, colourOf) {
    for (const span of spans) {
      if (span[1] < view.start || span[0] > view.end) continue;
      const x = Math.max(LABEL_WIDTH, xOf(span[0]));
      context.fillStyle = colourOf(span);
      context.fillRect(x, y, Math.max(1, xOf(span[1]) - x), height);
    }
  }

  function marks(moments, y, height, colourOf) {
    for (const moment of moments) {
      if (moment[0] < view.start || moment[0] > view.end) continue;
      context.fillStyle = colourOf(moment);
      context.fillRect(xOf(moment[0]) - 0.5, y, 1, height);
    }
  }

  const pauseColour = ([, , name]) => (name === 'major GC' ? COLOURS.major : COLOURS.minor);

  function drawTrack({ track, y, height }) {
    const isJs = track.kind === 'js';
    const cpuY = isJs ? y + 24 : y + 5;
    const cpuHeight = isJs ? 12 : 10;
    context.fillStyle = '#222731';
    context.fillRect(0, y + height - 1, canvas.clientWidth, 1);
    bars(track.waits, cpuY, cpuHeight, () => COLOURS.wait);
    bars(track.onCpu, cpuY, cpuHeight, (span) => (span[3] ? COLOURS.helps : COLOURS.cpu));
    if (isJs) {
      bars(track.pauses, y + 6, 16, pauseColour);
      marks(track.preemptions, y + 36, 6, ([, inGc]) =>
        inGc ? COLOURS['preempted-gc'] : COLOURS.preempted,
      );
      marks(track.hints, y + 2, 4, () => COLOURS.hint);
    }
    context.fillStyle = '#16181d';
    context.fillRect(0, y, LABEL_WIDTH, height - 1);
    context.fillStyle = isJs ? '#d5d8de' : '#8b919c';
    context.fillText(track.name, 8, y + height / 2 + 4, LABEL_WIDTH - 12);
  }

  function drawAxis() {
    const span = view.end - view.start;
    const step = [1, 2, 5]
      .flatMap((digit) => Array.from({ length: 10 }, (_, power) => digit * 10 ** power))
      .sort((a, b) => a - b)
      .find((us) => (us / span) * width() > 90);
    context.fillStyle = '#8b919c';
    for (let us = Math.ceil(view.start / step) * step; us <= view.end; us += step) {
      context.fillRect(xOf(us), AXIS_HEIGHT - 6, 1, 6);
      context.fillText(`${us / 1000} ms`, xOf(us) + 4, AXIS_HEIGHT - 9);
    }
  }

  function draw() {
    const scale = window.devicePixelRatio || 1;
    canvas.style.height = `${bottom}px`;
    canvas.width = canvas.clientWidth * scale;
    canvas.height = bottom * scale;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.font = '12px system-ui, "DejaVu Sans", sans-serif';
    context.clearRect(0, 0, canvas.clientWidth, bottom);
    drawAxis();
    for (const row of rows) drawTrack(row);
  }

  /** Moves the view to a part of the trace. */
  function show(start, end) {
    const span = Math.min(data.durationUs, Math.max(20, end - start));
    view.start = Math.min(Math.max(0, start), data.durationUs - span);
    view.end = view.start + span;
    draw();
  }

  function describe(x, y) {
    const row = rows.find((one) => y >= one.y && y < one.y + one.height);
    if (!row || x < LABEL_WIDTH) return '';
    const { track } = row;
    const slack = (view.end - view.start) / width(); // a pixel
    const us = usOf(x);
    const covers = ([start, end]) => us >= start - slack && us <= end + slack;
    const near = ([at]) => Math.abs(at - us) <= 2 * slack;
    const lines = [`${track.name}, at ${timeText(us)}`];
    for (const [start, end, name] of track.pauses.filter(covers)) {
      lines.push(`${name}: ${timeText(end - start)}`);
    }
    for (const [start, end, cpu, helps] of track.onCpu.filter(covers).slice(0, 3)) {
      lines.push(`on CPU ${cpu}${helps ? ', helps a GC' : ''}: ${timeText(end - start)}`);
    }
    for (const [start, end] of track.waits.filter(covers).slice(0, 3)) {
      lines.push(`runnable: ${timeText(end - start)}`);
    }
    for (const [, inGc] of track.preemptions.filter(near).slice(0, 3)) {
      lines.push(inGc ? 'preempted in a GC' : 'preempted');
    }
    for (const [, hints] of track.hints.filter(near).slice(0, 3)) lines.push(hints);
    return lines.join('\n');
  }

  canvas.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      const at = usOf(Math.max(LABEL_WIDTH, event.offsetX));
      const factor = 1.2 ** Math.sign(event.deltaY);
      show(at - (at - view.start) * factor, at + (view.end - at) * factor);
    },
    { passive: false },
  );
  canvas.addEventListener('dblclick', () => show(0, data.durationUs));
  canvas.addEventListener('mousemove', (event) => {
    if (event.buttons & 1) {
      const us = (event.movementX / width()) * (view.end - view.start);
      show(view.start - us, view.end - us);
    }
    tip.textContent = describe(event.offsetX, event.offsetY);
    tip.hidden = tip.textContent === '';
    tip.style.left = `${Math.min(event.offsetX + 14, canvas.clientWidth - tip.offsetWidth - 4)}px`;
    tip.style.top = `${Math.min(event.offsetY + 14, Math.max(0, bottom - tip.offsetHeight - 4))}px`;
  });
  canvas.addEventListener('mouseleave', () => {
    tip.hidden = true;
  });
  window.addEventListener('resize', draw);

  const title = `${data.name} (${data.pid}), ${(data.durationUs / 1e6).toFixed(1)} s`;
  document.querySelector('h1').textContent = title;
  document.title = `schedhint trace: ${title}`;
  const ms = (us) => (us / 1000).toFixed(1);
  for (const { name, kind, totals } of data.tracks) {
    const row = document.querySelector('tbody').insertRow();
    const js = (value) => (kind === 'js' ? value : '');
    for (const text of [
      name,
      js(totals.pauses),
      js(totals.shortPauses),
      js(ms(totals.gcUs)),
      ms(totals.cpuUs),
      ms(totals.waitUs),
      js(totals.preempted),
      js(totals.gcPreempted),
      js(totals.hints),
    ]) {
      row.insertCell().textContent = text;
    }
  }
  // #1000-1500: that part, in milliseconds.
  const [from, to] = location.hash.slice(1).split('-').map(Number);
  if (to > from) show(from * 1000, to * 1000);
  else draw();
  document.body.dataset.drawn = String(rows.length);
})();
