// The inside of a strategy module's worker thread: loads the module, asks it, and sends back what it says as JSON.
import { parentPort, workerData } from 'node:worker_threads'
import { messageOf } from '../../ports/errors.ts'
import type { FromWorker, ModuleToLoad, ToWorker } from './module-messages.ts'
import type { Strategy } from './strategy.ts'

const maxAnswerCharacters = 256 * 1024

const port = parentPort
if (!port) throw new Error('This file runs as a worker thread of the trading bot.')
const tell = (message: FromWorker) => port.postMessage(message)

const { url } = workerData as ModuleToLoad
try {
  serve(strategyOf(await import(url)))
} catch (error) {
  tell({ kind: 'not-loaded', why: words(error) })
}

function strategyOf(module: { default?: unknown; strategy?: unknown }): Strategy {
  const strategy = (module.default ?? module.strategy) as Strategy | undefined
  if (typeof strategy !== 'object' || strategy === null || typeof strategy.decide !== 'function')
    throw new Error('it exports no strategy: an object with `name` and `decide`, as default or as `strategy`')
  if (typeof strategy.name !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(strategy.name))
    throw new Error('the name of its strategy must be up to 64 letters, digits, `_`, `.` or `-`')
  return strategy
}

function serve(strategy: Strategy): void {
  const calls = new Map<number, AbortController>()
  port?.on('message', async (message: ToWorker) => {
    if (message.kind === 'abort') {
      calls.get(message.call)?.abort()
      return
    }
    const { call, moment } = message
    const over = new AbortController()
    calls.set(call, over)
    try {
      const answer = JSON.stringify(await strategy.decide(moment, over.signal)) ?? 'null'
      if (answer.length > maxAnswerCharacters) throw new Error('its answer is longer than 256 KiB')
      tell({ kind: 'decided', call, answer })
    } catch (error) {
      tell({ kind: 'threw', call, why: words(error) })
    } finally {
      calls.delete(call)
    }
  })
  tell({ kind: 'loaded', name: strategy.name })
}

/** Whatever was thrown, which may be anything, as a short text. */
function words(thrown: unknown): string {
  try {
    const text = messageOf(thrown)
    return text.slice(0, 500) || 'it did not say why'
  } catch {
    return 'it did not say why'
  }
}
