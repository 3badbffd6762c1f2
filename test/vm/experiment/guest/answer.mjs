// What a request is answered with: about a millisecond of making objects and text.

const make = (i) => ({ id: i, text: `object ${i}`, parts: [i, i + 1, i + 2, i + 3] });

/** Objects that stay alive: what a full collection goes through. */
export const makeHeap = (count) => ({
  objects: Array.from({ length: count }, (_, i) => make(i)),
  next: 0,
});

/** A tenth of the objects that are made stay, in place of older ones. @param {ReturnType<typeof makeHeap>} heap */
export function answerFrom(heap) {
  const made = Array.from({ length: 100 }, (_, i) => make(i));
  for (let i = 0; i < 100; i += 10) heap.objects[heap.next++ % heap.objects.length] = made[i];
  return JSON.stringify(made);
}
