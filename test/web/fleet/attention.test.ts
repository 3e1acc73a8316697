// The fleet's order: what needs a person stands first, and nothing moves by itself.
import fc from 'fast-check'
import t from 'tap'
import { gatewayPhases } from '../../../schemas/gateway.ts'
import { approvalEnd, compareAttention, groupOf } from '../../../src/cli/attention.ts'
import { groupFleet, matchesSearch } from '../../../web/src/fleet/attention.ts'
import { aGateway } from '../gateways.ts'

/** A minute after each gateway of these tests came to its phase. */
const present = Date.parse('2026-01-05T03:01:00.000Z')

const order = (gateways: ReturnType<typeof aGateway>[]) =>
  gateways.sort((a, b) => compareAttention(a, b, present)).map(({ followerId }) => followerId)

t.test('a person first, then what mends itself, then what comes up, then what runs', async (t) => {
  const gateways = [
    aGateway('runs'),
    aGateway('stopped', { phase: 'stopped', status: 'STOPPED', desired: 'stopped' }),
    aGateway('degraded', { phase: 'degraded' }),
    aGateway('booting', { phase: 'booting', status: 'STARTING' }),
    aGateway('lost', { phase: 'reconnecting', status: 'STARTING' }),
    aGateway('locked', { phase: 'locked', status: 'FAILED' }),
  ]
  t.strictSame(order(gateways), ['locked', 'lost', 'booting', 'degraded', 'runs', 'stopped'])
})

t.test(
  'among those who need a person: the earliest deadline, then live money, then ids as people count',
  async (t) => {
    const locked = { phase: 'locked', status: 'FAILED' } as const
    const waits = (deadline: string) => ({ phase: 'awaiting-2fa', status: 'STARTING', deadline }) as const
    const gateways = [
      aGateway('acct-10', locked),
      aGateway('acct-2', locked),
      aGateway('real', { ...locked, tradingMode: 'live' }),
      aGateway('late', waits('2026-01-05T03:03:00.000Z')),
      aGateway('soon', waits('2026-01-05T03:01:00.000Z')),
    ]
    t.strictSame(order(gateways), ['soon', 'late', 'real', 'acct-2', 'acct-10'])
  },
)

t.test('a retry that cannot help without a person counts as one that needs a person', async (t) => {
  const waiting = aGateway('alpha', { phase: 'backing-off', status: 'FAILED' })
  const because = (code: 'CREDENTIALS_MISSING' | 'ENGINE_UNAVAILABLE' | 'SERVER_UNAVAILABLE') => ({
    ...waiting,
    reason: { code, message: '' },
  })
  t.equal(groupOf(because('CREDENTIALS_MISSING'), present), 'person')
  t.equal(groupOf(because('ENGINE_UNAVAILABLE'), present), 'person')
  t.equal(groupOf(because('SERVER_UNAVAILABLE'), present), 'recovering')
  t.equal(groupOf(waiting, present), 'recovering')
})

t.test('an outage at IBKR mends itself for a quarter of an hour, then somebody should know', async (t) => {
  const lost = aGateway('alpha', { phase: 'upstream-lost', status: 'STARTING' })
  const after = (minutes: number) => groupOf(lost, Date.parse(lost.since) + minutes * 60_000)
  t.equal(after(15), 'recovering')
  t.equal(after(16), 'person')
})

t.test('what counts down to an approval is the request on the phone, where its end is known', async (t) => {
  const waits = { phase: 'awaiting-2fa', deadline: '2026-01-05T03:03:20.000Z' } as const
  t.equal(approvalEnd({ ...waits, pushExpiresAt: '2026-01-05T03:03:00.000Z' }), '2026-01-05T03:03:00.000Z')
  t.equal(approvalEnd(waits), waits.deadline)
  t.equal(approvalEnd({ ...waits, phase: 'booting' }), undefined)
})

t.test('one that is wanted but still stopped is on its way', async (t) => {
  t.equal(groupOf(aGateway('alpha', { phase: 'stopped', status: 'STOPPED' }), present), 'starting')
})

t.test('the order is one order, whatever the fleet came in, and its groups hold everybody once', async () => {
  const fleets = fc.uniqueArray(
    fc.record({
      followerId: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,6}$/),
      phase: fc.constantFrom(...gatewayPhases),
      tradingMode: fc.constantFrom('paper' as const, 'live' as const),
      desired: fc.constantFrom('running' as const, 'stopped' as const),
    }),
    { selector: ({ followerId }) => followerId, maxLength: 40 },
  )
  fc.assert(
    fc.property(fleets, (fleet) => {
      const gateways = fleet.map((each) => aGateway(each.followerId, each))
      const grouped = groupFleet(gateways, present).flatMap((group) => group.gateways)
      const backwards = groupFleet([...gateways].reverse(), present).flatMap((group) => group.gateways)
      return (
        grouped.length === gateways.length &&
        grouped.every((gateway, i) => gateway === backwards[i]) &&
        order(gateways).every((id, i) => grouped[i]?.followerId === id)
      )
    }),
  )
})

t.test(
  'a search finds by id, name, account, mode, phase and reason, and wants all of its words',
  async (t) => {
    const gateway = aGateway('alpha', {
      name: 'Smith family',
      accounts: ['U1234567'],
      tradingMode: 'live',
      phase: 'locked',
      reason: { code: 'CREDENTIALS_REJECTED', message: 'IBKR rejected the password' },
    })
    for (const words of ['', '  ', 'ALPHA', 'smith', 'u123', 'live locked', 'rejected', 'credentials_rej'])
      t.ok(matchesSearch(gateway, words), words)
    for (const words of ['beta', 'alpha beta', 'paper']) t.notOk(matchesSearch(gateway, words), words)
  },
)
