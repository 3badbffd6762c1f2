// Holds a route handler.

export const dynamic = 'force-dynamic';

/** A route handler. */
export const GET = async () => new Response(await globalThis.hold());
