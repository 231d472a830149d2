// All of the language's `WebAssembly` that is used here; the types of Node.js lack it.
declare const WebAssembly: {
  Memory: new (size: { initial: number; maximum: number; shared: true }) => { readonly buffer: SharedArrayBuffer }
}

/** Small enough to be in the cache still when the next thread reads it. */
export const blockSize = 512 * 1024

/** The pages of WebAssembly's memory. */
const wasmPage = 65_536

/**
 * Gives memory for blocks that threads share. The first `most` begin at a page of memory, so that they can be written
 * past the system's cache: only WebAssembly's memory is sure to. They are given again when nothing refers to them.
 */
export function blockMemory(most: number): () => Buffer {
  const pages = (most * blockSize) / wasmPage
  let memory: SharedArrayBuffer | undefined
  const free = Array.from({ length: most }, (_, index) => index * blockSize)
  const forgotten = new FinalizationRegistry<number>((offset) => free.push(offset))
  return () => {
    const offset = free.shift()
    if (offset === undefined) return Buffer.from(new SharedArrayBuffer(blockSize))
    memory ??= new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }).buffer
    const block = Buffer.from(memory, offset, blockSize)
    forgotten.register(block, offset)
    return block
  }
}
