// One VM, for one command. The guest's root is this machine's file system, read-only, so the
// checkout, Node.js and everything else that is installed are there. A guest of another processor
// gets a file system made for it.
//
// The CPUs are emulated (TCG). By default each CPU is a thread of the machine: fast, but times depend
// on the machine and its load. With `icount` one guest instruction is one nanosecond of guest time:
// slower, but times repeat whatever else the machine does. No disk, no network, no modules, no
// initramfs.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ExplainedError } from '../../scripts/private-apt.mjs';
import { isTornInstruction } from './emulation.mjs';
import { CACHE, tool, toolsOf } from './image.mjs';

/** PID 1 of the guest. */
export const INIT = fileURLToPath(new URL('guest-init.sh', import.meta.url));
const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

/** Exit codes of {@link runInVm} that are not the command's own; the first is timeout(1)'s. */
export const TIMED_OUT = 124;
export const VM_DIED = 70;

/** How QEMU emulates the CPUs, by whether guest time counts instructions. */
const accelerator = (icount) =>
  icount
    ? // One thread runs all CPUs in turns. `sleep=off`: idle guest time passes immediately.
      ['-accel', 'tcg,thread=single', '-icount', 'shift=0,sleep=off']
    : ['-accel', 'tcg,thread=multi'];

const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** What differs by the guest's processor: QEMU's program and options, and the names of the two serial lines. */
const MACHINES = {
  x64: {
    qemu: 'usr/bin/qemu-system-x86_64',
    options: (tools) => [
      ...['-L', join(tools, 'usr/share/qemu'), '-L', join(tools, 'usr/share/seabios')],
      ...['-vga', 'none', '-machine', 'q35', '-cpu', 'max,la57=off'],
    ],
    lines: ['ttyS0', 'ttyS1'],
    kernelOptions: 'tsc=reliable no_timer_check',
  },
  arm64: {
    qemu: 'usr/bin/qemu-system-aarch64',
    options: (tools) => [
      ...['-L', join(tools, 'usr/share/qemu')],
      // Not `max`: what it emulates of pointer authentication is slow. This one has pages of 4, 16 and 64 KiB.
      ...['-machine', 'virt,gic-version=3', '-cpu', 'cortex-a76'],
    ],
    lines: ['ttyAMA0', 'ttyAMA1'],
    kernelOptions: '',
  },
};

function kernelCommandLine({ lines: [console, status], kernelOptions }, init) {
  return [
    'root=rootfs rootfstype=virtiofs ro',
    `init=${init}`,
    `console=${console} quiet loglevel=4`,
    `status_line=/dev/${status}`, // the kernel does not know it, so it gets to the environment of init
    'panic=-1 oops=panic', // a broken kernel ends the VM immediately
    // What costs time at boot, or in an emulated CPU, and is not under test.
    `nokaslr mitigations=off ${kernelOptions} lsm=capability audit=0`,
    'random.trust_cpu=on cryptomgr.notests rcupdate.rcu_expedited=1',
  ].join(' ');
}

/** Listens on a socket and hands over what arrives. */
async function listen(path, onData) {
  const server = createServer((socket) => {
    socket.on('data', onData).on('error', () => {}); // the VM has gone: its exit code says so
  });
  server.listen(path);
  await once(server, 'listening');
  return server;
}

/** Waits until a program has made a file, or has ended. */
async function appearance(path, child, log) {
  while (!existsSync(path)) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new ExplainedError(
        `${child.spawnargs.at(-1)} ended: ${readFileSync(log, 'utf8').trim()}`,
      );
    }
    await new Promise((done) => setTimeout(done, 10));
  }
}

/**
 * A file system for the guest, instead of this machine's.
 *
 * @typedef {object} GuestSystem
 * @property {string} root directory of this machine that is the guest's root, read-only
 * @property {string} init in the guest: a copy of {@link INIT}
 * @property {string} directory in the guest, where the command runs
 */

/**
 * @typedef {object} VmOptions
 * @property {string} vmlinux
 * @property {import('./image.mjs').Processor} [processor]
 * @property {GuestSystem} [system] needed for another processor than this machine's
 * @property {string[]} command
 * @property {string} [out] for logs, and for what the command writes to $SCHEDHINT_VM_OUT
 * @property {number} [seconds] it may take
 * @property {number} [memory] MiB
 * @property {number} [cpus]
 * @property {string} [topology] of the CPUs, as QEMU's -smp takes it after their number
 * @property {boolean} [icount] guest time counts instructions: for whatever measures times or shares
 * @property {(chunk: Buffer) => void} [onOutput] its stdout and stderr
 * @property {AbortSignal} [signal]
 */

/** @implements {AsyncDisposable} */
class Machine {
  #scratch = mkdtempSync(join(tmpdir(), 'schedhint-vm-'));
  #out;
  #children = [];
  #servers = [];
  #logs = [];
  #exit = '';

  constructor(out) {
    this.#out = resolve(out ?? join(this.#scratch, 'out'));
    mkdirSync(this.#out, { recursive: true });
    for (const name of ['console.log', 'dmesg.log', 'qemu.log']) {
      rmSync(join(this.#out, name), { force: true });
    }
  }

  /** A program that ends with us, even if we are killed. */
  #start(command, log) {
    const fd = openSync(log, 'a');
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], {
      stdio: ['ignore', fd, fd],
      detached: true, // Ctrl-C is for us
    });
    closeSync(fd);
    this.#children.push(child);
    return child;
  }

  async #share(processor, name, directory, ...options) {
    const socket = join(this.#scratch, `${name}.sock`);
    const log = join(this.#scratch, 'virtiofsd.log');
    const command = [
      ...tool('usr/libexec/virtiofsd', processor),
      ...['--socket-path', socket, '--shared-dir', directory, '--sandbox', 'chroot'],
      ...['--cache', 'always', '--no-announce-submounts', '--inode-file-handles=never'],
      ...options,
    ];
    await appearance(socket, this.#start(command, log), log);
    return socket;
  }

  async #line(name, onData) {
    const socket = join(this.#scratch, `${name}.sock`);
    this.#servers.push(await listen(socket, onData));
    return socket;
  }

  /**
   * @param {string[]} command
   * @param {string} directory where it runs
   * @param {string[]} keep directories that stay visible
   */
  #writeCommand(command, directory, keep) {
    writeFileSync(join(this.#out, 'environment.sh'), `set -- ${keep.map(quote).join(' ')}\n`);
    writeFileSync(
      join(this.#out, 'command.sh'),
      `export SCHEDHINT_VM=1 SCHEDHINT_VM_OUT=/run/out
cd ${quote(directory)} || exit 126
exec ${command.map(quote).join(' ')}
`,
    );
  }

  /**
   * @param {VmOptions} options
   * @returns {Promise<number>} the exit code
   */
  async run({
    vmlinux,
    processor = 'x64',
    system,
    command,
    seconds = 300,
    memory = 2048,
    cpus = 2,
    topology,
    icount = false,
    onOutput,
    signal,
  }) {
    const directory = system?.directory ?? process.cwd();
    this.#writeCommand(command, directory, system ? [] : [...new Set([directory, CHECKOUT])]);
    const machine = MACHINES[processor];
    const root = await this.#share(processor, 'root', system?.root ?? '/', '--readonly');
    const out = await this.#share(processor, 'out', this.#out);
    const output = await this.#line('output', (data) => onOutput?.(data));
    const status = await this.#line('status', (data) => {
      this.#exit += data.toString('latin1');
    });
    const qemuLog = join(this.#out, 'qemu.log');
    const qemu = this.#start(
      [
        ...tool(machine.qemu, processor),
        ...'-nodefaults -no-user-config -display none -nic none -monitor none -no-reboot'.split(
          ' ',
        ),
        ...machine.options(toolsOf(processor)),
        ...accelerator(icount),
        ...['-smp', topology === undefined ? String(cpus) : `${cpus},${topology}`],
        ...['-m', String(memory), '-numa', 'node,memdev=memory'],
        ...['-object', `memory-backend-memfd,id=memory,size=${memory}M,share=on`],
        ...['-chardev', `socket,id=root,path=${root}`],
        ...['-device', 'vhost-user-fs-pci,chardev=root,tag=rootfs,queue-size=1024'],
        ...['-chardev', `socket,id=out,path=${out}`],
        ...['-device', 'vhost-user-fs-pci,chardev=out,tag=out'],
        ...['-serial', `file:${join(this.#out, 'console.log')}`],
        ...['-chardev', `socket,id=status,path=${status}`, '-serial', 'chardev:status'],
        ...['-device', 'virtio-serial-pci', '-chardev', `socket,id=output,path=${output}`],
        ...['-device', 'virtserialport,chardev=output,nr=1'],
        ...['-kernel', vmlinux, '-append', kernelCommandLine(machine, system?.init ?? INIT)],
      ],
      qemuLog,
    );
    let timedOut = false;
    const limit = setTimeout(() => {
      timedOut = true;
      qemu.kill('SIGKILL');
    }, seconds * 1000);
    const abort = () => qemu.kill('SIGKILL');
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
    await once(qemu, 'exit');
    clearTimeout(limit);
    signal?.removeEventListener('abort', abort);
    const exit = /EXIT (\d+)/.exec(this.#exit)?.[1];
    if (exit !== undefined) return Number(exit);
    this.#logs = [join(this.#out, 'console.log'), qemuLog];
    return timedOut ? TIMED_OUT : VM_DIED;
  }

  /** What the console and QEMU said at last, when there was no exit code. */
  get lastWords() {
    return this.#logs
      .filter((log) => existsSync(log))
      .map((log) => readFileSync(log, 'utf8').split('\n').slice(-40).join('\n'))
      .join('\n');
  }

  /** Whether it died of how its CPUs are emulated. */
  get hasTornInstruction() {
    const [console] = this.#logs;
    return console !== undefined && isTornInstruction(readFileSync(console, 'utf8'));
  }

  async end() {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    for (const server of this.#servers) server.close();
    rmSync(this.#scratch, { recursive: true, force: true });
  }
}

/**
 * Boots a VM and runs a command in it, as root, in the same working directory. Once more, and says so, if it died of how its CPUs
 * are emulated. Any other panic is a failure of what was loaded into the kernel.
 *
 * @param {VmOptions} options
 * @returns {Promise<number>} the command's exit code, {@link TIMED_OUT} or {@link VM_DIED}
 */
export async function runInVm(options) {
  if (process.getuid?.() !== 0) {
    throw new ExplainedError(
      `the VM's file server (virtiofsd) needs root to read what root may read`,
    );
  }
  if (process.arch !== 'x64')
    throw new ExplainedError(`QEMU was fetched for x86-64, this machine is ${process.arch}`);
  if (!existsSync(options.vmlinux)) throw new ExplainedError(`no kernel in ${CACHE}`);
  const first = await runOnce(options);
  if (!first.hasTornInstruction || options.icount) return first.code;
  process.stderr.write('vm: QEMU ran half of an instruction that the kernel replaced; once more\n');
  return (await runOnce(options)).code;
}

async function runOnce(options) {
  const machine = new Machine(options.out);
  try {
    const code = await machine.run(options);
    if (code === TIMED_OUT || code === VM_DIED) process.stderr.write(`${machine.lastWords}\n`);
    return { code, hasTornInstruction: code === VM_DIED && machine.hasTornInstruction };
  } finally {
    await machine.end();
  }
}
