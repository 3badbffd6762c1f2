// Preloaded: a Linux that plays another platform, as PLAYED_PLATFORM names it.

Object.defineProperty(process, 'platform', { value: process.env.PLAYED_PLATFORM });
