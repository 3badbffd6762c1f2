// Defines the options by which `top` and `trace` find their map, and who may write one that they make.

/** Where the map is, and who may write it if they make it. */
export const MAP_OPTIONS = {
  map: {
    value: '<pin>',
    text: 'path of the pinned map (SCHEDHINT_MAP, else /sys/fs/bpf/schedhint)',
  },
  group: {
    value: '<gid>',
    text: 'group of the pin, if it has to be created: its members may bind; "$(id -g)" is yours (mode 0660)',
  },
  mode: {
    value: '<octal>',
    text: "and its permissions (0600); 0666 lets every user of the machine set the hints of any thread, others' too",
  },
} as const;

/** Who may write a pin that is made. */
export interface Access {
  readonly mode?: number;
  readonly group?: number;
}

interface AccessOptions {
  readonly mode?: string | undefined;
  readonly group?: string | undefined;
}

const OTHERS_MAY_WRITE = 0o002;

/**
 * What `--mode` and `--group` ask for. That every user may write it is said on standard error.
 *
 * @throws Error `ERR_SCHEDHINT_OPTION` if it is not permissions in octal, or not a group's number
 */
export function accessOption(command: string, { mode, group }: AccessOptions): Access {
  const access = {
    ...(mode === undefined ? {} : { mode: modeOf(mode) }),
    ...(group === undefined ? {} : { group: groupOf(group) }),
  };
  if (((access.mode ?? 0) & OTHERS_MAY_WRITE) !== 0) {
    console.error(
      `schedhint ${command}: --mode ${mode}: if it creates the pin, every user of this machine can set the hints of any thread; --group "$(id -g)" allows only your group`,
    );
  }
  return access;
}

function modeOf(text: string): number {
  if (/^0?[0-7]{3}$/.test(text)) return Number.parseInt(text, 8);
  throw wrong(`--mode must be octal permissions such as 0660, got ${text}`);
}

function groupOf(text: string): number {
  const group = Number(text);
  if (/^\d+$/.test(text) && group < 2 ** 31) return group;
  throw wrong(`--group must be the number of a group (id -g), got ${text}`);
}

function wrong(message: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_SCHEDHINT_OPTION' });
}
