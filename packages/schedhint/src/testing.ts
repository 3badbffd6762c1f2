/**
 * For an app's own tests: what a thread publishes, on every platform.
 *
 * @packageDocumentation
 */
export * from '@schedhint/core/testing';
