// Defines the command line of `schedhint`. Each subcommand (gen, doctor, top, trace) is imported only when it runs.

import { readFileSync } from 'node:fs';
import { Command } from 'commander';

const { version } = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
) as { version: string };

const GROUP =
  'where no map is pinned, the group of the pin that it makes, whose members may bind: "$(id -g)" (mode 0660)';
const MODE =
  "and its permissions (0600); 0666 lets every user of the machine set the hints of any thread, others' too";

const program = new Command('schedhint')
  .description('Scheduler hints for Node.js, through memory shared with a BPF program.')
  .version(version);

program
  .command('gen')
  .description("Write a TypeScript module from a scheduler's structs, or a C header from a module.")
  .option('--map <pin>', 'from the types of a pinned map (needs root)')
  .option('--object <file>', 'from a BPF object, X.bpf.o')
  .option('--btf <file>', 'from a BTF file, as in /sys/kernel/btf')
  .option('--map-name <name>', 'with --object or --btf: this map alone, not all with __uptr fields')
  .option('--struct <name...>', 'with --object or --btf: these structs, not what maps point to')
  .option(
    '--header <module>',
    'a C header from the layouts that a JavaScript or TypeScript module exports',
  )
  .option('-o, --output <file>', 'write there, not to standard output')
  .addHelpText(
    'after',
    `
Examples:
  $ schedhint gen --object scheduler.bpf.o -o layouts.ts
  $ sudo schedhint gen --map /sys/fs/bpf/datamap -o layouts.ts
  $ schedhint gen --btf /sys/kernel/btf/vmlinux --struct rusage
  $ schedhint gen --header layouts.js -o layouts.h`,
  )
  .action(async (options) => {
    const { gen } = await import('./gen/command.js');
    await reporting('gen', () => gen(options));
  });

program
  .command('doctor')
  .description("Tell what keeps this user's hints from being read, and what to do about it.")
  .option('--map <pin>', 'path of the pinned map (SCHEDHINT_MAP, else /sys/fs/bpf/schedhint)')
  .option('--json', 'as one JSON object')
  .addHelpText(
    'after',
    `
Run it as the application runs: the same user, container and environment. Exit code 0: nothing
failed, there may be warnings; 1: something failed.`,
  )
  .action(async (options) => {
    const { doctor } = await import('./doctor/command.js');
    await reporting('doctor', async () => {
      process.exitCode = await doctor(options);
    });
  });

program
  .command('top')
  .description(
    'Show all threads of the host that hint, as a scheduler would see them (needs root).',
  )
  .option('--map <pin>', 'path of the pinned map (SCHEDHINT_MAP, else /sys/fs/bpf/schedhint)')
  .option('--group <gid>', GROUP)
  .option('--mode <octal>', MODE)
  .option('--pid <pid>', 'the threads of this process only')
  .option('--interval <seconds>', 'between two looks', '1')
  .option('--iterations <n>', 'end after so many')
  .option('--sort <column>', 'pid, process, role, gcShare, cpu, delay, gcPreempted, …', 'gcShare')
  .addHelpText(
    'after',
    `
Where stdout is no terminal, it prints one table after another. It needs @schedhint/observer.`,
  )
  .action(async (options) => {
    const { top } = await import('./top/command.js');
    await reporting('top', () => top(options));
  });

program
  .command('trace')
  .description('Record what a process hints and what the scheduler makes of it (needs root).')
  .requiredOption('--pid <pid>', 'the process')
  .option('--seconds <n>', 'how long', '5')
  .option('-o, --output <file>', 'write there (schedhint-trace-PID.json, or .html)')
  .option('--html', 'one page that any browser shows, instead of JSON for Perfetto')
  .option('--map <pin>', 'path of the pinned map (SCHEDHINT_MAP, else /sys/fs/bpf/schedhint)')
  .option('--group <gid>', GROUP)
  .option('--mode <octal>', MODE)
  .addHelpText(
    'after',
    `
Open the JSON at https://ui.perfetto.dev. It needs @schedhint/observer.`,
  )
  .action(async (options) => {
    const { trace } = await import('./trace/command.js');
    await reporting('trace', () => trace(options));
  });

await program.parseAsync();

/** An error becomes one line and exit code 1. */
async function reporting(command: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    // Names of a hostile file are in it: no control characters to the terminal.
    const shown = message.replaceAll(/[\p{Cc}\p{Cf}]/gu, '?');
    console.error(`schedhint ${command}: ${code === undefined ? '' : `${code}: `}${shown}`);
    process.exitCode = 1;
  }
}
