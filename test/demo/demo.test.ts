// The demo against a made-up server: what it asks for, what it shows, what it leaves behind.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import type { Gateway } from '../../schemas/gateway.ts'
import type { SeriesCreate } from '../../schemas/market-data.ts'
import { type DemoIo, runDemo } from '../../src/demo/run.ts'
import { dayToDelete } from '../../src/demo/series.ts'
import {
  type AskedRequest,
  fakeIo,
  gateway,
  type RunOptions,
  type StubAnswer,
  stubApi,
} from '../cli/harness.ts'
import { testFolder } from '../test-folder.ts'

/** A fleet that does what it is told, one look later. */
class StubFleet {
  readonly #gateways = new Map<string, Gateway>()
  readonly tracked: string[] = []

  respond = ({ method, path, body }: AskedRequest): StubAnswer => {
    const [, kind, id = '', verb] = path.replace(/\?.*/, '').split('/')
    if (method === 'POST' && kind === 'followers') {
      const { id: created } = body as { id: string }
      this.#set(created, { status: 'STOPPED', phase: 'stopped' })
      return { status: 201, body: {} }
    }
    if (kind === 'series') return this.track(body as SeriesCreate)
    if (method === 'PUT') return { status: 204 }
    if (method === 'PATCH') return { body: {} }
    if (kind === 'simulator') {
      this.#set(id, { status: 'STARTING', phase: 'reconnecting', reconnects: 0 })
      return { status: 204 }
    }
    if (method === 'POST') {
      const launch = verb === 'launch'
      this.#set(id, { status: 'STARTING', phase: launch ? 'booting' : 'stopping' })
      return { status: 202, body: this.#gateways.get(id) }
    }
    if (verb === 'health') return { body: { healthy: true, layers: [{ status: 'ok' }, { status: 'ok' }] } }
    if (id !== '') return { body: this.#look(id) }
    return { body: { items: [...this.#gateways.keys()].map((each) => this.#look(each)), counts: {} } }
  }

  /** The second has been there since an earlier demo. */
  track({ symbol, timeframe }: SeriesCreate): StubAnswer {
    this.tracked.push(`${symbol} ${timeframe}`)
    return symbol === 'SPY'
      ? { status: 201, body: {} }
      : { status: 409, body: { status: 409, code: 'SERIES_EXISTS', detail: 'It is tracked already.' } }
  }

  #set(followerId: string, changes: Partial<Gateway>): void {
    const since = new Date(Date.now() + this.#gateways.size).toISOString()
    this.#gateways.set(followerId, gateway({ followerId, since, ...changes }))
  }

  #look(id: string): Gateway | undefined {
    const seen = this.#gateways.get(id)
    if (seen?.phase === 'booting') this.#set(id, {})
    if (seen?.phase === 'reconnecting') this.#set(id, { reconnects: 1 })
    if (seen?.phase === 'stopping') this.#set(id, { status: 'STOPPED', phase: 'stopped' })
    return seen
  }
}

interface Shown {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  readonly env: Record<string, string | undefined>
  readonly closed: number
}

async function demo(
  t: Test,
  argv: string[],
  options: RunOptions & { fleet?: StubFleet } = {},
): Promise<Shown> {
  const fleet = options.fleet ?? new StubFleet()
  const api = await stubApi(t, fleet.respond)
  const { io, printed } = fakeIo(options)
  let env: Record<string, string | undefined> = {}
  let closed = 0
  const demoIo: DemoIo = {
    ...io,
    signal: options.signal ?? new AbortController().signal,
    async startServer(start) {
      env = start.env
      return {
        url: api.url,
        async close() {
          closed += 1
        },
      }
    },
  }
  const code = await runDemo(argv, demoIo)
  return { code, ...printed, env, closed }
}

t.test('--once drills one follower and prints a table', async (t) => {
  const { code, stdout, stderr, env, closed } = await demo(t, ['--once'])
  t.equal(code, 0, stdout + stderr)
  const steps = stdout.slice(stdout.indexOf('STEP')).trim().split('\n')
  t.match(steps[0], /^STEP +WHAT +TOOK +OK$/)
  t.same(
    steps.slice(1).map((line) => line.split(/ {2,}/)[0]),
    ['launch', 'fleet', 'health', 'fault', 'recovery', 'stop'],
  )
  for (const line of steps.slice(1)) t.match(line, /\dm?s +ok$/)
  t.match(stdout, /RUNNING again by itself, reconnects 0 → 1/)
  t.equal(closed, 1)
  t.match(env, { RUNTIME: 'simulated', HOST: '127.0.0.1', PORT: '8080' })
  t.notOk(existsSync(env.DATA_DIR ?? ''), 'its temporary folder is gone')
})

t.test('a step that fails ends the drill with 1', async (t) => {
  const interrupt = new AbortController()
  const fleet = new StubFleet()
  const respond = fleet.respond
  fleet.respond = (request) =>
    request.path.startsWith('/simulator')
      ? { status: 404, body: { status: 404, code: 'NOT_FOUND', detail: 'Gateways are real here.' } }
      : respond(request)
  const { code, stdout } = await demo(t, ['--once'], { fleet, signal: interrupt.signal })
  t.equal(code, 1)
  t.match(stdout, /fault +Gateways are real here\. +[\d.]+m?s +FAILED\nrecovery +not run/)
})

t.test('plain: lines until all are RUNNING, what to try, then news until Ctrl-C', async (t) => {
  const interrupt = new AbortController()
  const { code, stdout, closed } = await demo(t, [], {
    signal: interrupt.signal,
    onOutput: (so) => so.includes('Ctrl-C ends the demo') && interrupt.abort(),
  })
  t.equal(code, 0)
  t.equal(closed, 1)
  for (const id of ['alpha', 'bravo', 'charlie']) t.match(stdout, new RegExp(`\\ds {2}${id} {2}ready`))
  t.match(stdout, /IBGM_URL=http:\/\/127\.0\.0\.1:\d+ npx ibgm fault alpha drop/)
  t.match(stdout, /curl -s http:\/\/127\.0\.0\.1:\d+\/api\/v1\/system\/ib-status/)
  t.notMatch(stdout, '\x1b')
})

t.test(
  'two series are tracked, and a day of one may be deleted by the command that is printed',
  async (t) => {
    const interrupt = new AbortController()
    const fleet = new StubFleet()
    const dir = join(testFolder(t), "it's data")
    const file = join(dir, 'bars', 'SPY', '1h.csv')
    const { stdout } = await demo(t, [], {
      fleet,
      env: { DATA_DIR: dir },
      signal: interrupt.signal,
      onOutput: (so) => so.includes('Ctrl-C ends the demo') && interrupt.abort(),
    })
    t.strictSame(fleet.tracked, ['SPY 1h', 'AAPL 15m'])
    const [, day = ''] = /ibgm bars SPY 1h --start (\d{4}-\d\d-\d\d)/.exec(stdout) ?? []
    const [command = ''] = /sed -i.*$/m.exec(stdout) ?? []
    mkdirSync(dirname(file), { recursive: true })
    const others = 'timestamp,open,high,low,close,volume\n2020-01-02T15:00:00Z,1,1,1,1,1\n'
    writeFileSync(file, `${others}${day}T15:00:00Z,1,1,1,1,1\n${day}T16:00:00Z,1,1,1,1,1\n`)
    execFileSync('sh', ['-c', command])
    t.equal(readFileSync(file, 'utf8'), others)
  },
)

t.test('the day to delete is a whole trading day, some days back', async (t) => {
  const at = (iso: string) => dayToDelete(Date.parse(iso))
  t.equal(at('2026-11-21T12:00:00Z'), '2026-11-19', 'a Saturday')
  t.equal(at('2026-11-24T00:00:00Z'), '2026-11-20', 'over a weekend')
  t.equal(at('2026-11-28T12:00:00Z'), '2026-11-25', 'past Thanksgiving')
})

t.test('on a terminal: a table that redraws itself', async (t) => {
  const interrupt = new AbortController()
  const { code, stdout } = await demo(t, [], {
    tty: true,
    env: { NO_COLOR: '1' },
    signal: interrupt.signal,
    onOutput: (so) => so.includes('Ctrl-C ends the demo') && interrupt.abort(),
  })
  t.equal(code, 0)
  t.match(stdout, /FOLLOWER {2}STATUS/)
  t.match(stdout, '\x1b[5A\x1b[J', 'back over head, three gateways and the count')
  t.match(stdout, '3 gateways: 3 RUNNING')
})

t.test('PORT and DATA_DIR are honoured; nothing else of the environment gets in', async (t) => {
  const dir = testFolder(t)
  const environment = { DATA_DIR: dir, PORT: '9999', MONGODB_URL: 'mongodb://x', VAULT_ADDR: 'http://x' }
  const { env } = await demo(t, ['--once'], { env: environment })
  t.match(env, { DATA_DIR: dir, PORT: '9999' })
  t.notOk('MONGODB_URL' in env || 'VAULT_ADDR' in env)
  t.ok(existsSync(dir), 'a named folder stays')
})

t.test('a taken port is named, with the way out', async (t) => {
  const { io, printed } = fakeIo({ env: { PORT: '8081' } })
  const taken = Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE' })
  let dataDir = ''
  const code = await runDemo([], {
    ...io,
    signal: new AbortController().signal,
    async startServer({ env }) {
      dataDir = env.DATA_DIR ?? ''
      throw new Error('could not start', { cause: taken })
    },
  })
  t.equal(code, 1)
  t.match(printed.stderr, /port 8081 on 127\.0\.0\.1 is taken[\s\S]*PORT=8082 npm run demo/)
  t.notOk(existsSync(dataDir))
})

t.test('an unknown argument is 2', async (t) => {
  t.equal((await demo(t, ['--twice'])).code, 2)
})
