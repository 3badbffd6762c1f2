export async function startEmbeddedReader() { return { blind: 'todo' }; }
