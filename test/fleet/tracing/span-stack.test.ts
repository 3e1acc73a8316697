// Which spans a gateway's states call for, from a launch to its end; no clock, no tracer.
import t from 'tap'
import type { GatewayPhase } from '../../../schemas/gateway.ts'
import { type GatewayState, initialState } from '../../../src/fleet/lifecycle/state.ts'
import { type SpanName, spanOutcome, spanStack } from '../../../src/fleet/tracing/span-stack.ts'

const at = (phase: GatewayPhase, more: Partial<GatewayState> = {}): GatewayState => ({
  ...initialState(0),
  phase,
  ...more,
})

/** The open spans after each of these states. */
function follow(...states: GatewayState[]): string[] {
  let open: SpanName[] = []
  let last = initialState(0)
  return states.map((state) => {
    open = spanStack(open, last, state)
    last = state
    return open.join(' > ')
  })
}

t.test('a launch holds the stages of its login and ends when the gateway answers', async (t) => {
  t.strictSame(
    follow(at('pulling'), at('creating'), at('booting'), at('awaiting-2fa'), at('connecting'), at('ready')),
    [
      'gateway.launch',
      'gateway.launch',
      'gateway.launch > login.booting',
      'gateway.launch > login.awaiting-2fa',
      'gateway.launch > login.connecting',
      '',
    ],
  )
})

t.test('a login that starts over inside its container is the same launch', async (t) => {
  t.strictSame(follow(at('creating'), at('logging-in'), at('restarting'), at('booting')), [
    'gateway.launch',
    'gateway.launch > login.logging-in',
    'gateway.launch',
    'gateway.launch > login.booting',
  ])
})

t.test(
  'another container is a restart with a launch inside; the launch that it ends has failed',
  async (t) => {
    const lost = at('restarting', { recreate: { code: 'OUT_OF_MEMORY' }, cause: { code: 'OUT_OF_MEMORY' } })
    t.strictSame(follow(at('creating'), at('booting'), lost, at('creating'), at('booting'), at('ready')), [
      'gateway.launch',
      'gateway.launch > login.booting',
      'gateway.restart',
      'gateway.restart > gateway.launch',
      'gateway.restart > gateway.launch > login.booting',
      '',
    ])
    t.equal(spanOutcome('gateway.launch', lost), 'failed')
    t.equal(spanOutcome('login.booting', lost), 'failed')
    const asked = at('restarting', { recreate: { code: 'PLANNED_RESTART' } })
    t.equal(spanOutcome('gateway.launch', asked), 'abandoned')
  },
)

t.test(
  'a container that was there before us is adopted, a gateway that restarts by itself restarts',
  async (t) => {
    t.strictSame(
      follow(at('connecting', { containerId: 'a' }), at('ready', { containerId: 'a', wasReady: true })),
      ['gateway.adopt > login.connecting', ''],
    )
    const up = at('ready', { containerId: 'a', wasReady: true })
    t.strictSame(
      follow(up, at('booting', { containerId: 'a' }), at('connecting', { containerId: 'a' }), up),
      ['', 'gateway.restart > login.booting', 'gateway.restart > login.connecting', ''],
    )
  },
)

t.test('a session that comes back opens nothing here: its reconnection tells of itself', async (t) => {
  const up = { containerId: 'a', wasReady: true }
  t.strictSame(
    follow(at('ready', up), at('reconnecting', up), at('connecting', up), at('upstream-lost', up)),
    ['', '', '', ''],
  )
})

t.test('failures end everything; a stop ends a launch and is one itself', async (t) => {
  for (const phase of ['backing-off', 'locked'] as const) {
    t.strictSame(follow(at('creating'), at('booting'), at(phase)).at(-1), '')
    t.equal(spanOutcome('gateway.launch', at(phase)), 'failed')
  }
  t.strictSame(follow(at('creating'), at('stopping'), at('stopped')), ['gateway.launch', 'gateway.stop', ''])
  t.equal(spanOutcome('gateway.launch', at('stopping')), 'stopped')
  t.equal(spanOutcome('gateway.stop', at('stopped')), 'stopped')
  t.equal(spanOutcome('gateway.stop', at('creating')), 'abandoned')
  t.equal(spanOutcome('login.booting', at('logging-in')), undefined)
})
