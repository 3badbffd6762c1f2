// An app that is nearly always idle, as a server without requests: `nothing wrong`.

setInterval(() => {}, 100);
