/**
 * Scheduler hints for Node.js, through memory shared with a BPF program.
 *
 * @packageDocumentation
 */
export * from '@schedhint/core';
export * from '@schedhint/gc-hooks';
