// jest's, in the realm that it gives each test file.

const { check } = require('./check.cjs');

test('hints in real time', async () => {
  const fake = () => {
    jest.useFakeTimers({ now: 0 });
    return (ms) => jest.advanceTimersByTime(ms);
  };
  await check({ load: () => require('schedhint'), fake, order: process.env.FAKE });
});
