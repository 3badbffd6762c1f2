/**
 * The commands of `schedhint` that need the observer: for that command, not for applications. It may change in any release.
 *
 * @packageDocumentation
 */
import type { Command } from '@schedhint/core/cli';
import { command as top } from './top/command.js';
import { command as trace } from './trace/command.js';

/** By what a user calls them. */
export const commands: Readonly<Record<string, Command>> = { top, trace };
