// The fleet in one sentence, and what became of a bulk action.
import t from 'tap'
import { groupFleet } from '../../../web/src/fleet/attention.ts'
import { bulkOutcome, inPortions, named } from '../../../web/src/fleet/bulk-words.ts'
import { headline } from '../../../web/src/fleet/headline-words.ts'
import { aGateway } from '../gateways.ts'

t.test('the headline tells the worst that is', async (t) => {
  const locked = (id: string, tradingMode: 'paper' | 'live') =>
    aGateway(id, { phase: 'locked', status: 'FAILED', tradingMode })
  const stopped = (id: string) => aGateway(id, { phase: 'stopped', status: 'STOPPED', desired: 'stopped' })
  const lost = aGateway('l', { phase: 'upstream-lost', status: 'STARTING' })
  const booting = aGateway('b', { phase: 'booting', status: 'STARTING' })
  const cases: Array<[ReturnType<typeof aGateway>[], string]> = [
    [[locked('a', 'paper'), lost], '1 account needs a person'],
    [[locked('a', 'live')], '1 live account needs a person'],
    [[locked('a', 'live'), locked('b', 'paper')], '2 accounts need a person, 1 of them live'],
    [[locked('a', 'live'), locked('b', 'live')], '2 accounts need a person, all live'],
    [[lost, booting], '1 account down, recovering without you'],
    [[booting, aGateway('r')], 'Nothing needs you; 1 on the way'],
    [[aGateway('d', { phase: 'degraded' }), aGateway('r')], 'Nothing is down; 1 account degraded'],
    [[aGateway('r'), aGateway('s'), stopped('t')], 'All 2 wanted accounts are running'],
    [[aGateway('r')], 'The account is running'],
    [[aGateway('r'), aGateway('s')], 'All 2 accounts are running'],
    [[stopped('t')], 'The account is stopped'],
    [[stopped('t'), stopped('u')], 'All 2 accounts are stopped'],
  ]
  for (const [gateways, words] of cases)
    t.equal(headline(groupFleet(gateways, Date.parse(lost.since))).words, words)
})

t.test('a bulk action is told in counts, with the reasons of the first refusals', async (t) => {
  const problem = (detail: string) => ({ type: '', title: '', status: 409, code: 'X', detail, instance: '' })
  const outcome = bulkOutcome('Launch', [
    { followerId: 'a', status: 202 },
    { followerId: 'b', status: 200 },
    { followerId: 'c', status: 409, problem: problem('It is locked.') },
  ])
  t.strictSame(outcome, {
    text: 'Launch: 1 accepted, 1 already so, 1 refused. c: It is locked.',
    refused: true,
  })
  t.strictSame(bulkOutcome('Stop', [{ followerId: 'a', status: 202 }]), {
    text: 'Stop: 1 accepted.',
    refused: false,
  })
})

t.test('portions hold everything in order, and none is too large', async (t) => {
  t.strictSame(inPortions([1, 2, 3, 4, 5], 2), [[1, 2], [3, 4], [5]])
  t.strictSame(inPortions([], 2), [])
})

t.test('a long list of names is cut with its count', async (t) => {
  t.equal(named(['a', 'b'], 2), 'a, b')
  t.equal(named(['a', 'b', 'c', 'd'], 2), 'a, b and 2 more')
})
