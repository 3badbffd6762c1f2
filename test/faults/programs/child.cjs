// A child process of the app, by child_process or cluster: it attaches for itself, says who it is, and
// goes on until its parent hangs up.

const { attachThread } = require('schedhint');

const thread = attachThread({ map: process.env.SCHEDHINT_MAP });
thread.hints.urgency = Number(process.env.URGENCY);
process.send({ tid: thread.tid, state: thread.status.state });
process.on('disconnect', () => process.exit());
setInterval(() => {}, 5); // on and off the CPU, so that it is looked at
