export const dynamic = 'force-dynamic';

/** A server component. */
export default async function Checkout() {
  return <p>{await globalThis.hold()}</p>;
}
