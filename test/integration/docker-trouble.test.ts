// The Docker runtime when the road to the engine breaks, stalls, or loses an answer.
import t from 'tap'
import { labels } from '../../src/adapters/docker/labels.ts'
import {
  anySignal,
  goodLogin,
  isEvent,
  lineOf,
  placementOf,
  specOf,
  until,
} from '../contracts/runtime-subject.ts'
import { dockerSubject, gateEngine } from './docker-subject.ts'
import { engineProxy } from './engine-proxy.ts'

if (await gateEngine(t)) {
  t.test('an exit while the event stream is cut is heard after it resumes', async (t) => {
    const subject = dockerSubject(t)
    const proxy = await engineProxy(t)
    const watcher = subject.another({ dockerHost: proxy.dockerHost })
    const abort = new AbortController()
    t.teardown(() => abort.abort())
    const signals = watcher.watch(abort.signal)[Symbol.asyncIterator]()
    const started = signals.next()
    const run = subject.runtime.run(specOf(subject, 'cut'), await placementOf(), goodLogin, anySignal)
    const { id } = await run
    t.match((await started).value, { kind: 'event', event: { action: 'started', containerId: id } })

    const lost = until(signals, ({ kind }) => kind === 'lost')
    await proxy.cut()
    t.strictSame(await lost, [{ kind: 'lost' }], 'lost, and nothing else')
    await t.rejects(watcher.list(anySignal), { code: 'ENGINE_UNAVAILABLE' })
    await subject.runtime.kill(id, anySignal)
    const heard = until(signals, isEvent('exited', id))
    await proxy.mend()
    const seen = await heard
    t.match(seen[0], { kind: 'resumed' }, 'resumed first')
    t.notOk(seen.some(isEvent('started', id)), 'what was heard before the cut is not repeated')

    const again = until(signals, ({ kind }) => kind === 'resumed')
    proxy.hiccup()
    t.strictSame(await again, [{ kind: 'lost' }, { kind: 'resumed' }])
    const removed = until(signals, isEvent('removed', id))
    await subject.runtime.remove(id, anySignal)
    await removed
  })

  t.test('an engine that is down at first is reported once, and found when it comes', async (t) => {
    const subject = dockerSubject(t)
    const proxy = await engineProxy(t)
    await proxy.cut()
    const abort = new AbortController()
    const watcher = subject.another({ dockerHost: proxy.dockerHost })
    const signals = watcher.watch(abort.signal)[Symbol.asyncIterator]()
    t.match(await signals.next(), { value: { kind: 'lost' } })
    const next = signals.next()
    await proxy.mend()
    t.match(await next, { value: { kind: 'resumed' } })
    const last = signals.next()
    abort.abort()
    t.match(await last, { done: true }, 'an abort ends it quietly')
  })

  t.test('a followed log goes on after a cut, without a gap or a repetition', async (t) => {
    const subject = dockerSubject(t)
    const proxy = await engineProxy(t)
    const reader = subject.another({ dockerHost: proxy.dockerHost })
    const { id } = await subject.runtime.run(
      specOf(subject, 'read'),
      await placementOf(),
      goodLogin,
      anySignal,
    )
    await lineOf(subject.runtime, id, /Configuration tasks completed/)
    const texts: string[] = []
    let cuts = 0
    const reading = (async () => {
      for await (const { text } of reader.logs(id, { follow: true }, AbortSignal.timeout(20_000))) {
        texts.push(text)
        if (/Configuration tasks completed/.test(text) && cuts++ === 0) {
          proxy.hiccup()
          await subject.runtime.stop(id, 5_000, anySignal)
        }
      }
    })()
    await reading
    const whole: string[] = []
    for await (const { text } of subject.runtime.logs(id, {}, anySignal)) whole.push(text)
    t.equal(cuts, 1)
    t.strictSame(texts, whole)
  })

  t.test('a create whose answer was lost leaves one container, which the next run takes', async (t) => {
    const subject = dockerSubject(t)
    const proxy = await engineProxy(t)
    const runtime = subject.another({ dockerHost: proxy.dockerHost })
    await runtime.prepare(anySignal)
    const spec = specOf(subject, 'twice')
    const placement = await placementOf()
    proxy.loseAnswerTo('POST /containers/create')
    await t.rejects(runtime.run(spec, placement, goodLogin, anySignal), { code: 'ENGINE_UNAVAILABLE' })
    // The engine may have been quick enough for the failed run to see and remove it, or not: both are well.
    const container = await runtime.run(spec, placement, goodLogin, anySignal)
    t.equal(container.state, 'running')
    t.equal((await runtime.list(anySignal)).length, 1)
    await lineOf(runtime, container.id, /Login has completed/)
  })

  t.test('a container that was made but neither filled nor started is filled and started', async (t) => {
    const subject = dockerSubject(t)
    const { runtime, docker } = subject
    const spec = specOf(subject, 'half')
    const placement = await placementOf()
    const first = await runtime.run(spec, placement, goodLogin, anySignal)
    const { Config, HostConfig } = await docker.getContainer(first.id).inspect()
    await runtime.remove(first.id, anySignal)
    const { id } = await docker.createContainer({
      name: spec.containerName,
      Image: Config.Image,
      Env: Config.Env,
      Labels: Config.Labels,
      HostConfig,
    })
    t.equal((await runtime.inspect('half', anySignal))?.state, 'created')
    const container = await runtime.run(spec, placement, goodLogin, anySignal)
    t.match(container, { id, state: 'running', followerId: Config.Labels[labels.follower] })
    await lineOf(runtime, id, /Login has completed/)
  })

  t.test('an engine that does not answer holds nobody up', async (t) => {
    const subject = dockerSubject(t)
    const proxy = await engineProxy(t)
    const runtime = subject.another({
      dockerHost: proxy.dockerHost,
      callTimeoutMs: 200,
      runTimeoutMs: 200,
    })
    proxy.freeze()
    const placement = await placementOf()
    const calls: Array<() => Promise<unknown>> = [
      () => runtime.ping(anySignal),
      () => runtime.list(anySignal),
      () => runtime.run(specOf(subject, 'hung'), placement, goodLogin, anySignal),
      () => runtime.stop('any', 1_000, anySignal),
      () => runtime.logs('any', { follow: true }, anySignal)[Symbol.asyncIterator]().next(),
    ]
    for (const call of calls) await t.rejects(call(), { code: 'ENGINE_UNAVAILABLE' })
    const reason = new Error('no longer wanted')
    await t.rejects(runtime.ping(AbortSignal.abort(reason)), reason)
    const waiting = runtime.list(anySignal)
    await runtime.close()
    await t.rejects(waiting, { code: 'SHUTTING_DOWN' })
    await t.rejects(runtime.list(anySignal), { code: 'SHUTTING_DOWN' })
  })

  t.test('nobody there at all', async (t) => {
    const subject = dockerSubject(t)
    for (const dockerHost of ['unix:///nonexistent/docker.sock', 'tcp://127.0.0.1:1']) {
      const failure = { code: 'ENGINE_UNAVAILABLE', message: /DOCKER_HOST/ }
      await t.rejects(subject.another({ dockerHost }).ping(anySignal), failure)
    }
  })
}
