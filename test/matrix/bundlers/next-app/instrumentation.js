// As docs/bundlers.md shows, in one of both ways; and it makes garbage, so that there is something to see.

export async function register() {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return;
  if (process.env.HINTS === 'register') {
    await import('schedhint/register');
  } else {
    const { attachThread, startGcHints } = await import('schedhint');
    attachThread().hints.urgency = 900;
    startGcHints();
  }
  setInterval(() => {
    globalThis.kept = Array.from({ length: 20_000 }, (_, i) => ({ i }));
  }, 5).unref();
}
