// npm run vm -- COMMAND: runs a command in a VM.

import { constants } from 'node:os';
import { parseArgs } from 'node:util';
import { ExplainedError } from '../../scripts/private-apt.mjs';
import { kernelImage, prepareImages } from './image.mjs';
import { runInVm } from './machine.mjs';

const USAGE = `Usage: npm run vm -- [options] COMMAND [ARGUMENT...]

Boots a Debian kernel with sched_ext and __uptr under QEMU and runs COMMAND there, as root, in this
directory. The file system is this machine's, read-only; /tmp, /var/tmp and /run are empty, but for
this checkout, and $SCHEDHINT_VM_OUT can be written. Build before: what changes while the VM runs
may not be seen in it.

  --kernel NAME   newest, or 6.17, 7.0, 7.1 (newest)
  --seconds N     it may take (600)
  --cpus N        (2)
  --memory MIB    (2048)
  --icount        guest time counts instructions (one is a nanosecond): about three times slower with two
                  busy CPUs, and times do not depend on the load of this machine
  --out DIR       keep the logs (console.log, dmesg.log, qemu.log) and $SCHEDHINT_VM_OUT there
  --help          this text

Ends with COMMAND's exit code; 124: it took too long; 70: the VM died; 64: it was not understood.
`;

function readOptions(args) {
  // The command's own options are not ours: everything from the first word on is left alone.
  const own = ['--kernel', '--seconds', '--cpus', '--memory', '--out'];
  let end = 0;
  while (args[end]?.startsWith('--')) {
    if (args[end] === '--') break;
    end += own.includes(args[end]) ? 2 : 1;
  }
  const number = (name, text) => {
    if (!/^[1-9][0-9]*$/.test(text))
      throw new ExplainedError(`--${name} requires a number, not '${text}'`);
    return Number(text);
  };
  try {
    const { values } = parseArgs({
      args: args.slice(0, end),
      options: {
        kernel: { type: 'string', default: 'newest' },
        seconds: { type: 'string', default: '600' },
        cpus: { type: 'string', default: '2' },
        memory: { type: 'string', default: '2048' },
        icount: { type: 'boolean', default: false },
        out: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    return {
      ...values,
      command: args.slice(args[end] === '--' ? end + 1 : end),
      seconds: number('seconds', values.seconds),
      cpus: number('cpus', values.cpus),
      memory: number('memory', values.memory),
    };
  } catch (error) {
    throw new ExplainedError(error.message);
  }
}

async function main() {
  let options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error.message}\n\n${USAGE}`);
    return 64;
  }
  if (options.help || options.command.length === 0) {
    (options.help ? process.stdout : process.stderr).write(USAGE);
    return options.help ? 0 : 64;
  }
  const stop = new AbortController();
  let signalled = 0;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(name, () => {
      signalled = 128 + constants.signals[name];
      stop.abort();
    });
  }
  prepareImages([options.kernel]);
  const image = kernelImage(options.kernel);
  if ('missing' in image) throw new ExplainedError(image.missing);
  const code = await runInVm({
    ...options,
    vmlinux: image.vmlinux,
    signal: stop.signal,
    onOutput: (chunk) => process.stdout.write(chunk),
  });
  return signalled || code;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof ExplainedError)) throw error;
  console.error(`vm: ${error.message}`);
  process.exitCode = 70;
}
