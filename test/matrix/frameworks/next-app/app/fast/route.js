// Answers the load.

export const dynamic = 'force-dynamic';

export const GET = () => new Response('fast');
