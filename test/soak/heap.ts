// What is left on the heap when all garbage is gone, and whether it grows.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

let collect: (() => void) | undefined

/** Bytes in use after a full collection; what only weak references and finalizers kept is gone, too. */
export async function heapInUse(): Promise<number> {
  if (!collect) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
  }
  for (let turn = 0; turn < 3; turn++) {
    collect()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return process.memoryUsage().heapUsed
}

/** By how much values grow from one to the next, over the later half of them: the slope of the least squares. The earlier half may fill what has a bound. */
export function growth(values: readonly number[]): number {
  const later = values.slice(Math.floor(values.length / 2))
  const middle = (later.length - 1) / 2
  const mean = later.reduce((sum, value) => sum + value, 0) / later.length
  let [above, below] = [0, 0]
  for (const [index, value] of later.entries()) {
    above += (index - middle) * (value - mean)
    below += (index - middle) ** 2
  }
  return below === 0 ? 0 : above / below
}
