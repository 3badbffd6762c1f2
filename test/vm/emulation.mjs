// What goes wrong in a VM because its CPUs are emulated, and not because of what runs in it.

/**
 * Whether a panic is QEMU's: with a thread for each CPU, one may run half of an instruction that the kernel is replacing in its own
 * code, as it does at each attach of a scheduler. Seen on a busy machine. With `icount` the CPUs take turns, so it cannot be.
 *
 * @param {string} console what the kernel said
 */
export function isTornInstruction(console) {
  return (
    console.includes('Kernel panic') &&
    /Oops: int3|invalid opcode|text_poke/.test(console) &&
    !/Oops: .*(?:BPF|bpf)|RIP: \S+:bpf_prog/.test(console)
  );
}
