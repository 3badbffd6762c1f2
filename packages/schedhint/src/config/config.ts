// Declares what a config file says; config.schema.json at the root of the package is the same for editors.

/** A named urgency or its number. */
export type ConfigUrgency = 'low' | 'normal' | 'high' | 'critical' | number;

/** What a request is to have. */
export interface ConfigHints {
  readonly urgency?: ConfigUrgency;
  readonly deadlineMs?: number;
}

/** Headers in which clients say how long they wait. */
export type DeadlineHeader =
  | 'grpc-timeout'
  | 'x-envoy-expected-rq-timeout-ms'
  | 'connect-timeout-ms'
  | 'request-timeout';

/** Which requests, and what they are to have. */
export interface ConfigRoute extends ConfigHints {
  readonly path: string;
  readonly methods?: readonly string[];
  readonly track?: boolean;
}

/** The part `requests`. */
export interface RequestsConfig {
  readonly enabled?: boolean;
  readonly default?: ConfigHints;
  readonly routes?: readonly ConfigRoute[];
  readonly deadlineHeaders?: readonly DeadlineHeader[];
  readonly priorityHeader?: boolean;
  readonly headerLimits?: {
    readonly minDeadlineMs?: number;
    readonly maxDeadlineMs?: number;
    readonly maxUrgency?: ConfigUrgency;
  };
  readonly expireFactor?: number;
  readonly maxSeconds?: number;
}

/** What is written to stderr for each stall. */
export type StallOutput = 'line' | 'json' | 'none';

/** The part `stalls`. */
export interface StallsConfig {
  readonly thresholdMs?: number;
  readonly output?: StallOutput;
  readonly stack?: boolean;
}

/** A whole file. */
export interface Config {
  readonly $schema?: string;
  readonly version: 1;
  readonly requests?: RequestsConfig;
  readonly stalls?: StallsConfig;
}
