// An application with its own struct: the one of examples/kptr-user. Argument: the map.

import { existsSync } from 'node:fs';
import { attachThread } from '@schedhint/core';
import { uptr } from 'schedhint/channels';
import { i32, struct } from 'schedhint/layout';

const userData = struct('user_data', { a: i32, b: i32, result: i32 });
const thread = attachThread({
  channel: uptr({ map: process.argv[2], value: { udata: userData } }),
  scoped: true,
});
const { udata } = thread.blocks;
udata.a = 1;
udata.b = 2;
existsSync('/'); // any system call
console.log(`${thread.status.state}, result = ${udata.result}`);
thread.stop();
