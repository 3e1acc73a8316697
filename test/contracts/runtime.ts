// What every GatewayRuntime promises, as one suite that runs against each adapter.
import type { Test } from 'tap'
import { isFleetError } from '../../src/ports/errors.ts'
import type { GatewayContainer, GatewayPlacement, GatewaySpec } from '../../src/ports/runtime.ts'
import {
  accepts,
  anySignal,
  bounded,
  boundMs,
  goodLogin,
  isEvent,
  lineOf,
  listenOn,
  placementOf,
  type RuntimeSubject,
  specOf,
  until,
} from './runtime-subject.ts'

/** Subtests leave nothing running; whoever calls this closes the runtime. */
export function runtimeContract(t: Test, subject: RuntimeSubject): void {
  const { runtime } = subject
  const up = async (t: Test, followerId: string, credentials = goodLogin): Promise<GatewayContainer> => {
    const container = await runtime.run(
      specOf(subject, followerId),
      await placementOf(),
      credentials,
      anySignal,
    )
    t.teardown(() => runtime.remove(container.id, anySignal))
    return container
  }

  t.test('ping tells a version and how long it took; prepare may come again', async (t) => {
    const { version, latencyMs } = await runtime.ping(anySignal)
    t.match(version, /./)
    t.ok(latencyMs >= 0 && latencyMs < boundMs)
    await runtime.prepare(anySignal)
    await runtime.prepare(anySignal)
    t.equal(await runtime.hasImage(subject.image, anySignal), true)
  })

  t.test('run brings a gateway up, and what it was placed with comes back', async (t) => {
    const spec = specOf(subject, 'placed', { tradingMode: 'live', specHash: 'spec-placed' })
    const placement = await placementOf({ clientId: 1234, usernameHash: 'hash-placed' })
    const before = Date.now()
    const created: string[] = []
    const container = await runtime.run(spec, placement, goodLogin, anySignal, (id) => created.push(id))
    t.teardown(() => runtime.remove(container.id, anySignal))
    t.match(container, {
      name: `${subject.prefix}-placed`,
      followerId: 'placed',
      image: subject.image,
      state: 'running',
      outOfMemory: false,
      specHash: 'spec-placed',
      tradingMode: 'live',
      ...placement,
    })
    t.strictSame(created, [container.id], 'told once that it is made')
    t.strictSame(container.publishedOn, ['127.0.0.1'])
    t.equal(container.exitCode, undefined)
    t.equal(container.finishedAt, undefined)
    t.ok((container.startedAt ?? 0) >= before - 1_000 && (container.startedAt ?? 0) <= Date.now() + 1_000)
    t.strictSame(await runtime.inspect('placed', anySignal), container)
    t.strictSame(
      (await runtime.list(anySignal)).find(({ id }) => id === container.id),
      container,
    )
    t.equal(await accepts(placement.hostPort), true, 'its port is published')
    t.equal(await runtime.inspect('nobody', anySignal), null)
  })

  t.test(
    'the same run again returns the same container, another is refused and touches nothing',
    async (t) => {
      const spec = specOf(subject, 'again')
      const placement = await placementOf()
      const first = await runtime.run(spec, placement, goodLogin, anySignal)
      t.teardown(() => runtime.remove(first.id, anySignal))
      t.strictSame(await runtime.run(spec, placement, goodLogin, anySignal), first)
      const others: Array<[GatewaySpec, GatewayPlacement]> = [
        [{ ...spec, specHash: 'spec-2' }, placement],
        [spec, { ...placement, clientId: 9 }],
        [spec, { ...placement, usernameHash: 'somebody else' }],
      ]
      for (const [otherSpec, otherPlacement] of others) {
        await t.rejects(runtime.run(otherSpec, otherPlacement, goodLogin, anySignal), { code: 'NAME_IN_USE' })
      }
      t.strictSame(await runtime.inspect('again', anySignal), first)
    },
  )

  t.test('a port held by a stranger is PORT_IN_USE and leaves nothing behind', async (t) => {
    const spec = specOf(subject, 'squeezed')
    const placement = await placementOf()
    const stranger = await listenOn(placement.hostPort)
    t.teardown(() => stranger.close())
    await t.rejects(runtime.run(spec, placement, goodLogin, anySignal), { code: 'PORT_IN_USE' })
    t.equal(await runtime.inspect('squeezed', anySignal), null)
    const container = await runtime.run(spec, await placementOf(), goodLogin, anySignal)
    await runtime.remove(container.id, anySignal)
  })

  t.test('a port held by another gateway is PORT_IN_USE', async (t) => {
    const { hostPort } = await up(t, 'first')
    const run = runtime.run(specOf(subject, 'second'), await placementOf({ hostPort }), goodLogin, anySignal)
    await t.rejects(run, { code: 'PORT_IN_USE' })
    t.equal(await runtime.inspect('second', anySignal), null)
  })

  t.test('an abort leaves nothing behind, and rejects with its reason', async (t) => {
    const spec = specOf(subject, 'aborted')
    const placement = await placementOf()
    const reason = new Error('we changed our minds')
    await t.rejects(runtime.run(spec, placement, goodLogin, AbortSignal.abort(reason)), reason)
    for (const delayMs of [0, 40]) {
      const abort = new AbortController()
      const run = runtime.run(spec, placement, goodLogin, abort.signal)
      if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs))
      abort.abort(reason)
      const outcome = await run.catch((error: unknown) => error)
      // Whoever is quicker than the abort has won fairly; the container is then there.
      if (outcome !== reason) await runtime.remove((outcome as GatewayContainer).id, anySignal)
      t.equal(await runtime.inspect('aborted', anySignal), null, `aborted after ${delayMs} ms`)
    }
    t.equal(await accepts(placement.hostPort), false, 'the port is free')
  })

  t.test('stop is a tidy logout; again, or on what is gone, it is success', async (t) => {
    const { id } = await up(t, 'stopped')
    await lineOf(runtime, id, /Configuration tasks completed/)
    await runtime.stop(id, 10_000, anySignal)
    const stopped = await runtime.inspect('stopped', anySignal)
    t.match(stopped, { id, state: 'exited', exitCode: 0, outOfMemory: false })
    t.ok((stopped?.finishedAt ?? 0) >= (stopped?.startedAt ?? 0))
    await runtime.stop(id, 10_000, anySignal)
    await runtime.kill(id, anySignal)
    await runtime.remove(id, anySignal)
    await runtime.remove(id, anySignal)
    await runtime.stop(id, 10_000, anySignal)
    await runtime.kill(id, anySignal)
    t.equal(await runtime.inspect('stopped', anySignal), null)
  })

  t.test('kill ends it at once, remove takes a running one too', async (t) => {
    const { id } = await up(t, 'killed')
    await runtime.kill(id, anySignal)
    await runtime.kill(id, anySignal)
    t.match(await runtime.inspect('killed', anySignal), { state: 'exited', exitCode: 137 })
    const { id: other, hostPort } = await up(t, 'removed')
    await runtime.remove(other, anySignal)
    t.equal(await runtime.inspect('removed', anySignal), null)
    t.equal(await accepts(hostPort), false, 'the port is free')
    await runtime.removeSettings('removed', anySignal)
    await runtime.removeSettings('removed', anySignal)
  })

  t.test('run replaces a container of the same making that has ended', async (t) => {
    const spec = specOf(subject, 'ended')
    const placement = await placementOf()
    const first = await runtime.run(spec, placement, goodLogin, anySignal)
    await runtime.kill(first.id, anySignal)
    const second = await runtime.run(spec, placement, goodLogin, anySignal)
    t.teardown(() => runtime.remove(second.id, anySignal))
    t.equal(second.state, 'running')
    t.equal((await runtime.list(anySignal)).filter(({ followerId }) => followerId === 'ended').length, 1)
  })

  t.test('logs: a tail, what is new, and their end', async (t) => {
    const { id } = await up(t, 'logged')
    // The last line of a start: from here on it is quiet.
    await lineOf(runtime, id, /Configuration.*event=Closed/)
    const all: string[] = []
    const times: number[] = []
    for await (const { at, text } of runtime.logs(id, {}, bounded())) {
      times.push(at)
      all.push(text)
    }
    t.strictSame(
      times,
      times.toSorted((a, b) => a - b),
      'oldest first',
    )
    const last = times.at(-1) ?? 0
    t.match(all.join('\n'), /Login attempt: 1[\s\S]*Login has completed/)
    const tail: string[] = []
    for await (const { text } of runtime.logs(id, { tail: 3 }, bounded())) tail.push(text)
    t.strictSame(tail, all.slice(-3))
    const newer: string[] = []
    for await (const { text } of runtime.logs(id, { since: last + 60_000 }, bounded())) newer.push(text)
    t.strictSame(newer, [])

    const following = (async () => {
      const texts: string[] = []
      for await (const { text } of runtime.logs(id, { tail: 0, follow: true }, bounded())) texts.push(text)
      return texts
    })()
    const abort = new AbortController()
    const aborted = (async () => {
      for await (const _line of runtime.logs(id, { follow: true }, abort.signal)) abort.abort()
      return 'quietly'
    })()
    t.equal(await aborted, 'quietly')
    await runtime.stop(id, 10_000, anySignal)
    t.match((await following).join('\n'), /IBC returned exit status 0/, 'followed to its end')
    t.not((await following)[0], all[0], 'a tail of 0 is only what is new')
  })

  t.test('watch sees a start and an exit', async (t) => {
    const abort = new AbortController()
    const signals = runtime.watch(abort.signal)[Symbol.asyncIterator]()
    const { id } = await up(t, 'watched')
    const started = await until(signals, isEvent('started', id))
    t.match(started.at(-1), { event: { followerId: 'watched' } })
    await runtime.kill(id, anySignal)
    const [exited] = (await until(signals, isEvent('exited', id))).slice(-1)
    t.ok(exited?.kind === 'event' && Math.abs(exited.event.at - Date.now()) < 5_000)
    t.equal((await runtime.inspect('watched', anySignal))?.state, 'exited', 'the observation agrees')
    await runtime.remove(id, anySignal)
    await until(signals, isEvent('removed', id))
    const last = signals.next()
    abort.abort()
    // What was on its way may still come before the end.
    for (let next = await last; !next.done; next = await signals.next()) t.equal(next.value.kind, 'event')
  })

  t.test('a soft restart needs no login', async (t) => {
    const { id } = await up(t, 'soft')
    await lineOf(runtime, id, /Configuration tasks completed/)
    await runtime.softRestart(id, anySignal)
    await lineOf(runtime, id, /authentication will not be required/)
    t.equal((await runtime.inspect('soft', anySignal))?.state, 'running')
    await runtime.kill(id, anySignal)
    await t.rejects(runtime.softRestart(id, anySignal), { code: 'SOFT_RESTART_UNAVAILABLE' })
  })

  t.test('a soft restart is unavailable before the login', async (t) => {
    const { id } = await up(t, 'unready', { username: 'alice-badpass', password: 'sim' })
    await lineOf(runtime, id, /Unrecognized Username or Password/)
    const failure = await runtime.softRestart(id, anySignal).catch((error: unknown) => error)
    t.ok(isFleetError(failure, 'SOFT_RESTART_UNAVAILABLE'))
  })
}
