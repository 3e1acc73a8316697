// Waiting for a gateway: when it tries, when it tells somebody, and what it says at the end, to the word.
import t from 'tap'
import type { CheckVerdict } from '../../src/bot/gateway-check.ts'
import type { Notice } from '../../src/bot/notifier.ts'
import {
  retryDelayMs,
  type WaitOptions,
  type WaitOutcome,
  waitForGateway,
} from '../../src/bot/wait-for-gateway.ts'
import type { Log } from '../../src/ports/log.ts'
import { FakeClock, settle } from '../fake-clock.ts'

const ready: CheckVerdict = { ok: true, accounts: ['DU1234567'], roundTripMs: 3 }
const refused: CheckVerdict = { ok: false, kind: 'refused', detail: 'nothing listens' }
const silent: CheckVerdict = { ok: false, kind: 'silent', detail: 'no answer' }
const unresolved: CheckVerdict = { ok: false, kind: 'unresolved', detail: 'no such host' }
const noAccounts: CheckVerdict = { ok: false, kind: 'no-accounts', detail: 'the handshake hangs' }

const validationFailed = 'Gateway validation failed, cannot start bot'
const startupFailed = 'CRITICAL: Gateway startup failed after all retries'
const loginFailed = 'Gateway authenticated but IBKR login failed'
const authenticationFailed = 'CRITICAL: Gateway authentication failed, check IBKR credentials'
const delayed = 'WARNING: Gateway startup delayed, retrying...'
const veryLate = 'ERROR: Gateway startup significantly delayed'

const standard: WaitOptions = {
  gateway: 'gateway:4002',
  maxTries: 30,
  timeoutMs: 300_000,
  retryIntervalMs: 5_000,
  orchestration: 'docker',
}

/** Waits to its end with checks that last `lastsMs` and find `verdictOf` their number; times are seconds from the start. */
async function wait(
  verdictOf: (attempt: number) => CheckVerdict,
  options: Partial<WaitOptions> = {},
  {
    lastsMs = 0,
    during,
  }: { lastsMs?: number; during?: (clock: FakeClock, stop: AbortController) => Promise<void> } = {},
) {
  const clock = new FakeClock()
  const seconds = () => clock.monotonicMs() / 1000
  const tries: number[] = []
  const told: Array<[atSeconds: number, what: string]> = []
  const notices: Notice[] = []
  const lines: Array<{ level: string; message: string; fields: object }> = []
  const stop = new AbortController()
  const write = (level: string) => (fields: object, message: string) => lines.push({ level, message, fields })
  const log: Log = {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: () => log,
  }
  let ended = false
  const waiting = waitForGateway(
    {
      clock,
      log,
      async check(signal) {
        tries.push(seconds())
        if (lastsMs > 0) await clock.sleep(lastsMs, signal)
        return verdictOf(tries.length)
      },
      notifier: {
        notify(notice) {
          notices.push(notice)
          told.push([seconds(), `${notice.level}: ${notice.title}`])
        },
      },
    },
    { ...standard, ...options },
    stop.signal,
  ).finally(() => {
    ended = true
  })
  const settled: Promise<{ outcome?: WaitOutcome; error?: unknown }> = waiting.then(
    (outcome) => ({ outcome }),
    (error: unknown) => ({ error }),
  )
  await during?.(clock, stop)
  for (await settle(); !ended; await settle()) await clock.advance(clock.nextTimerMs ?? 0)
  return {
    ...(await settled),
    tries,
    told,
    notices,
    lines,
    messages: lines.map(({ message }) => message),
    endedAt: seconds(),
    pendingTimers: clock.pendingTimers,
  }
}

t.test('delays double from 5 s to 30 s and stay there [backoff_sequence]', async (t) => {
  const delays = Array.from({ length: 10 }, (_, index) => retryDelayMs(index + 1, 5_000) / 1000)
  t.strictSame(delays, [5, 10, 20, 30, 30, 30, 30, 30, 30, 30])
  t.equal(retryDelayMs(1, 60_000), 30_000, 'never more')
})

t.test(
  'a gateway that is ready is found at once, and nobody is told [wait_for_gateway_immediate_success]',
  async (t) => {
    const { outcome, tries, told, lines, pendingTimers } = await wait(() => ready)
    t.strictSame(outcome, { ready: true, verdict: ready, tries: 1 })
    t.strictSame(tries, [0])
    t.strictSame(told, [])
    t.match(lines, [
      { level: 'info', message: 'Gateway check attempt 1/30', fields: { tries: 1, elapsedSeconds: 0 } },
      { level: 'info', message: 'Gateway is ready and authenticated', fields: { accounts: ['DU1234567'] } },
    ])
    t.equal(pendingTimers, 0)
  },
)

t.test('a gateway that comes up while it waits [wait_for_gateway_retry_then_success, EC-02]', async (t) => {
  const verdicts = [refused, refused, noAccounts]
  const { outcome, tries, told, messages, lines } = await wait((attempt) => verdicts[attempt - 1] ?? ready)
  t.match(outcome, { ready: true, tries: 4 })
  t.strictSame(tries, [0, 5, 15, 35])
  t.strictSame(told, [[15, delayed]])
  t.strictSame(messages, [
    'Gateway check attempt 1/30',
    'Gateway port not responding, retrying',
    'Gateway check attempt 2/30',
    'Gateway port not responding, retrying',
    'Gateway check attempt 3/30',
    'Gateway responding but not authenticated, retrying',
    'Gateway check attempt 4/30',
    'Gateway is ready and authenticated',
  ])
  t.match(lines[6]?.fields, { tries: 4, elapsedSeconds: 35, gateway: 'gateway:4002' })
})

t.test(
  'after the last try it gives up without waiting again [wait_for_gateway_max_retries_exceeded]',
  async (t) => {
    const { outcome, tries, told, lines, notices, endedAt, pendingTimers } = await wait(() => refused, {
      maxTries: 3,
    })
    t.strictSame(tries, [0, 5, 15])
    t.equal(endedAt, 15)
    t.match(outcome, { ready: false, failure: 'unreachable', text: validationFailed, tries: 3 })
    t.strictSame(told, [
      [15, delayed],
      [15, startupFailed],
    ])
    t.match(lines.at(-1), {
      level: 'error',
      message: validationFailed,
      fields: { detail: 'nothing listens' },
    })
    t.match(notices.at(-1)?.text, /gateway:4002 after 3 attempts \(15 s\) .* Reason: nothing listens\.$/)
    t.match(notices.at(-1)?.action, /GATEWAY_PORT/)
    t.equal(pendingTimers, 0)
  },
)

t.test('after 300 s it gives up, the last delay clipped [wait_for_gateway_timeout, EC-01]', async (t) => {
  const { tries, told, outcome, endedAt } = await wait(() => refused)
  t.strictSame(tries, [0, 5, 15, 35, 65, 95, 125, 155, 185, 215, 245, 275, 300])
  t.equal(endedAt, 300)
  t.match(outcome, { ready: false, text: validationFailed })
  t.strictSame(told, [
    [15, delayed],
    [180, veryLate],
    [300, startupFailed],
  ])
})

t.test('slow tries: time brings the notices, and no try begins after the time is up [EC-05]', async (t) => {
  const { tries, told, endedAt } = await wait(() => silent, {}, { lastsMs: 15_000 })
  t.strictSame(tries, [0, 20, 45, 80, 125, 170, 215, 260, 300])
  t.equal(endedAt, 315, 'the one under way takes its time')
  t.strictSame(told, [
    [30, delayed],
    [180, veryLate],
    [315, startupFailed],
  ])
})

t.test('many quick tries: their number brings the notices', async (t) => {
  const { told } = await wait(() => refused, { retryIntervalMs: 100, maxTries: 12, timeoutMs: 3_600_000 })
  t.strictSame(told, [
    [0.3, delayed],
    [51.1, veryLate],
    [111.1, startupFailed],
  ])
})

t.test('the last try decides what is said [EC-03]', async (t) => {
  const rows: Array<[last: CheckVerdict, text: string, title: string, failure: string]> = [
    [refused, validationFailed, startupFailed, 'unreachable'],
    [silent, validationFailed, startupFailed, 'unreachable'],
    [unresolved, validationFailed, startupFailed, 'unresolved'],
    [noAccounts, loginFailed, authenticationFailed, 'not-authenticated'],
  ]
  for (const [last, text, title, failure] of rows) {
    const other = last === noAccounts ? refused : noAccounts
    const { outcome, told, messages } = await wait((attempt) => (attempt === 2 ? last : other), {
      maxTries: 2,
    })
    t.match(outcome, { ready: false, failure, text, detail: last.ok ? '' : last.detail })
    t.equal(told.at(-1)?.[1], title)
    t.equal(messages.at(-1), text)
  }
})

t.test('a host name that does not resolve: docker waits for it, native does not [EC-06]', async (t) => {
  const docker = await wait((attempt) => (attempt < 3 ? unresolved : ready))
  t.match(docker.outcome, { ready: true, tries: 3 })
  const native = await wait(() => unresolved, { orchestration: 'native' })
  t.equal(native.endedAt, 0)
  t.match(native.outcome, { ready: false, failure: 'unresolved', text: validationFailed, tries: 1 })
  t.strictSame(native.told, [[0, startupFailed]])
  t.match(native.notices[0]?.action, /GATEWAY_HOST/)
  const gone = await wait((attempt) => (attempt === 2 ? ready : refused), { orchestration: 'native' })
  t.match(gone.outcome, { ready: true, tries: 2 }, 'a gateway that is only not there yet is waited for')
})

t.test('a locked gateway ends the wait at once, in a delay, in a check, or beforehand', async (t) => {
  for (const [atMs, lastsMs, tries] of [
    [7_000, 0, 2],
    [3_000, 10_000, 1],
    [0, 0, 0],
  ] as const) {
    const lock = new AbortController()
    const why = new Error('The password was rejected [CREDENTIALS_REJECTED].')
    if (atMs === 0) lock.abort(why)
    const { outcome, told, notices, endedAt, pendingTimers } = await wait(
      () => noAccounts,
      { hopeless: lock.signal },
      {
        lastsMs,
        async during(clock) {
          await clock.advance(atMs)
          lock.abort(why)
        },
      },
    )
    t.equal(endedAt, atMs / 1000)
    t.match(outcome, {
      ready: false,
      failure: 'locked',
      text: loginFailed,
      detail: why.message.slice(0, -1),
      tries,
    })
    t.strictSame(told, [[atMs / 1000, authenticationFailed]])
    t.match(notices[0]?.text, /CREDENTIALS_REJECTED/)
    t.equal(pendingTimers, 0)
  }
})

t.test('a lock that comes with a good answer still counts', async (t) => {
  const lock = new AbortController()
  const { outcome } = await wait(
    () => {
      lock.abort(new Error('Another account than the record names.'))
      return ready
    },
    { hopeless: lock.signal },
  )
  t.match(outcome, { ready: false, failure: 'locked' })
})

t.test('the end of the bot ends the wait, and nobody is told', async (t) => {
  for (const lastsMs of [0, 10_000]) {
    const { error, told, endedAt, pendingTimers } = await wait(
      () => refused,
      {},
      {
        lastsMs,
        async during(clock, stop) {
          await clock.advance(3_000)
          stop.abort(new Error('SIGTERM'))
        },
      },
    )
    t.match(error, { message: 'SIGTERM' })
    t.strictSame(told, [])
    t.equal(endedAt, 3)
    t.equal(pendingTimers, 0)
  }
})
