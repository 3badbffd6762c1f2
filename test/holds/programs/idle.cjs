// Does nothing until its stdin ends. Whatever its preload puts off has been done when it says so.

setImmediate(() => setImmediate(() => console.log('{"ready":true}')));
process.stdin.resume();
