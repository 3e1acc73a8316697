// Simulated gateways of another process as the engine of this one, so that what is measured here is the manager alone: the port, over the processes' channel.
import type { ChildProcess } from 'node:child_process'
import { type ErrorCode, FleetError } from '../src/ports/errors.ts'
import type { GatewayRuntime, LogLine, RuntimeSignal } from '../src/ports/runtime.ts'

/** The calls that are carried over as they are; each has its signal after these arguments. */
export type FarName =
  | 'ping'
  | 'prepare'
  | 'list'
  | 'inspect'
  | 'hasImage'
  | 'run'
  | 'stop'
  | 'kill'
  | 'remove'
  | 'removeSettings'
  | 'softRestart'
  | 'logs'
  | 'watch'
export type ToEngine =
  | { readonly id: number; readonly call: FarName; readonly args: readonly unknown[] }
  | { readonly id: number; readonly abort: true }
export type FromEngine = { readonly id: number } & (
  | { readonly value: unknown }
  | { readonly item: unknown }
  | { readonly error: string; readonly code?: ErrorCode }
)

interface Asked {
  item(value: unknown): void
  done(value: unknown): void
  failed(error: Error): void
}

/** An engine whose gateways live in `child` (bench/far-engine-process); closing it ends them and it. */
export function farEngine(child: ChildProcess): GatewayRuntime {
  const asked = new Map<number, Asked>()
  let last = 0
  child.on('message', (message: FromEngine) => {
    const asker = asked.get(message.id)
    if (!asker) return
    if ('item' in message) return asker.item(message.item)
    asked.delete(message.id)
    if ('value' in message) asker.done(message.value)
    else asker.failed(message.code ? new FleetError(message.code, message.error) : new Error(message.error))
  })
  child.on('exit', () => {
    for (const asker of asked.values()) asker.failed(gone())
    asked.clear()
  })
  const send = (message: ToEngine) => child.connected && child.send(message)

  function ask<T>(
    call: FarName,
    args: readonly unknown[],
    signal: AbortSignal,
    item: Asked['item'] = () => {},
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      if (!child.connected) return reject(gone())
      const id = ++last
      const abort = () => {
        asked.delete(id)
        send({ id, abort: true })
        reject(signal.reason)
      }
      const over = () => signal.removeEventListener('abort', abort)
      asked.set(id, {
        item,
        done(value) {
          over()
          resolve(value as T)
        },
        failed(error) {
          over()
          reject(error)
        },
      })
      signal.addEventListener('abort', abort)
      send({ id, call, args })
    })
  }

  async function* stream<T>(
    call: 'logs' | 'watch',
    args: readonly unknown[],
    signal: AbortSignal,
  ): AsyncGenerator<T> {
    const items: T[] = []
    let wake = () => {}
    let isOver = false
    const asking = ask<void>(call, args, signal, (item) => {
      items.push(item as T)
      wake()
    }).finally(() => {
      isOver = true
      wake()
    })
    asking.catch(() => {})
    while (!isOver || items.length > 0) {
      const item = items.shift()
      if (item !== undefined) yield item
      else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
    if (!signal.aborted) await asking
  }

  return {
    kind: 'simulated',
    ping: (signal) => ask('ping', [], signal),
    prepare: (signal) => ask('prepare', [], signal),
    list: (signal) => ask('list', [], signal),
    inspect: (followerId, signal) => ask('inspect', [followerId], signal),
    hasImage: (image, signal) => ask('hasImage', [image], signal),
    pullImage: async () => {},
    run: (spec, placement, credentials, signal) => ask('run', [spec, placement, credentials], signal),
    stop: (containerId, graceMs, signal) => ask('stop', [containerId, graceMs], signal),
    kill: (containerId, signal) => ask('kill', [containerId], signal),
    remove: (containerId, signal) => ask('remove', [containerId], signal),
    removeSettings: (followerId, signal) => ask('removeSettings', [followerId], signal),
    softRestart: (containerId, signal) => ask('softRestart', [containerId], signal),
    logs: (containerId, options, signal) => stream<LogLine>('logs', [containerId, options], signal),
    watch: (signal) => stream<RuntimeSignal>('watch', [], signal),
    async close() {
      if (child.connected) child.disconnect()
    },
  }
}

const gone = () => new FleetError('ENGINE_UNAVAILABLE', 'The process of simulated gateways has ended.')
