/**
 * How the commands of `schedhint` are made: for its own packages, not for applications. It may change in any release.
 *
 * @packageDocumentation
 */

export { nearestName } from '../errors.js';
export type { OptionDefinition, OptionDefinitions, OptionValues } from './arguments.js';
export { type Paint, paintFor } from './colours.js';
export { type Command, type CommandDefinition, defineCommand, failureLine } from './command.js';
export { twoColumns } from './help.js';
export { numberOption } from './number-option.js';
