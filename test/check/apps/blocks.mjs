// An app whose own code blocks the event loop for 80 of every 100 ms: `own code`.

setInterval(() => {
  const end = performance.now() + 80;
  while (performance.now() < end);
}, 100);
