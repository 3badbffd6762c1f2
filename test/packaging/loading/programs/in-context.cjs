// Runs in a vm context: are its classes others than those of the addon's memory?

const { attachThread } = require('@schedhint/core');
const { uptr } = require('schedhint/channels');
const { struct, u32 } = require('schedhint/layout');

const thread = attachThread();
thread.hints.urgency = 900;
const value = { own: struct('own', { result: u32 }) };
const { own } = attachThread({ channel: uptr({ map: '/nonexistent/own', value }) }).blocks;
own.result = 7;
console.log(
  JSON.stringify({
    own: !(require('node:buffer').Buffer.alloc(1).buffer instanceof ArrayBuffer),
    urgency: thread.hints.urgency,
    result: own.result,
  }),
);
