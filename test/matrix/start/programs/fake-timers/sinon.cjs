// The fake timers that sinon is made of.

const FakeTimers = require('@sinonjs/fake-timers');
const { check } = require('./check.cjs');

const load = () => require('schedhint');
const fake = () => {
  const clock = FakeTimers.install({ now: 0 }); // all that it can replace
  return (ms) => clock.tick(ms);
};

check({ load, fake, order: process.env.FAKE });
