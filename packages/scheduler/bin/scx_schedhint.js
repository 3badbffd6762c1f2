#!/usr/bin/env node
// Runs the scheduler for this processor: with the same standard streams, the signals that this process gets, and its exit status.
'use strict';

const { spawn } = require('node:child_process');
const { existsSync, readdirSync } = require('node:fs');
const { join } = require('node:path');

/** As the program says that it could not start. */
const REFUSED = 1;
const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];

function refuse(reason) {
  console.error(`scx_schedhint: ${reason}`);
  process.exit(REFUSED);
}

/** The program for this machine. It is linked statically, so it is the same for glibc and musl. */
function findProgram() {
  const { platform, arch } = process;
  if (platform !== 'linux') {
    refuse(
      `this is a scheduler for Linux (6.13 or newer, with sched_ext), and the system is ${platform}`,
    );
  }
  const home = join(__dirname, '..', 'prebuilds');
  const program = join(home, `linux-${arch}`, 'scx_schedhint');
  if (existsSync(program)) return program;
  const built = existsSync(home) ? readdirSync(home).map((name) => name.replace('linux-', '')) : [];
  return refuse(
    built.length > 0
      ? `the package has a program for ${built.join(' and ')}, and this processor is ${arch}: build it from the repository`
      : `${home} is missing: in a clone of the repository \`npm run pack\` makes it`,
  );
}

const program = findProgram();
let child;
const passOn = (signal) => child.kill(signal);
// First: a signal that came before them would end this process, and leave the scheduler running.
for (const signal of PASSED_ON) process.on(signal, passOn);
child = spawn(program, process.argv.slice(2), { stdio: 'inherit' });
child.on('error', (error) => refuse(`${program} cannot be run: ${error.message}`));
child.on('exit', (code, signal) => {
  if (signal === null) process.exit(code);
  for (const name of PASSED_ON) process.off(name, passOn);
  process.kill(process.pid, signal); // so that the status says the same
});
