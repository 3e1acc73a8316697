// From a record to a wish, an account check, a container: the small pure readings of follower records.
import t from 'tap'
import type { Follower, FollowerState } from '../../../schemas/follower.ts'
import { findAccountFault } from '../../../src/fleet/lifecycle/accounts.ts'
import { gatewaySpec } from '../../../src/fleet/lifecycle/spec.ts'
import { Digests } from '../../../src/fleet/logins/digests.ts'
import { emptyRecord } from '../../../src/fleet/reconcile/keeper.ts'
import { wishChange } from '../../../src/fleet/records/wishes.ts'
import { follower } from '../looks.ts'

t.test('wishes', async (t) => {
  type Seen = readonly [enabled: boolean, state: FollowerState] | null
  const [on, off, hands]: Seen[] = [
    [true, 'ACTIVE'],
    [false, 'ACTIVE'],
    [true, 'MANUAL_INTERVENTION'],
  ]
  const rows: Array<
    [
      name: string,
      before: Seen | undefined,
      desired: 'running' | 'stopped',
      now: Seen | undefined,
      becomes: string | null,
    ]
  > = [
    ['first seen enabled and ACTIVE', null, 'stopped', on, 'running'],
    ['first seen disabled', null, 'stopped', off, 'stopped'],
    ['first seen in hand', null, 'stopped', hands, 'stopped'],
    ['enabled', off, 'stopped', on, 'running'],
    ['made ACTIVE again', hands, 'stopped', on, 'running'],
    ['disabled', on, 'running', off, 'stopped'],
    ['taken in hand', on, 'running', hands, 'stopped'],
    ['from one to the other', off, 'stopped', hands, 'stopped'],
    ['as before, running', on, 'running', on, null],
    ['as before, stopped by a person', on, 'stopped', on, null],
    ['as before, disabled', off, 'stopped', off, null],
  ]
  for (const [name, before, desired, now, becomes] of rows) {
    const [enabled, state] = now ?? [true, 'ACTIVE']
    const seen = before ? { enabled: before[0], state: before[1] } : null
    const change = wishChange(follower({ enabled, state }), { ...emptyRecord('f1'), desired, seen })
    t.strictSame(change, becomes === null ? null : { desired: becomes, seen: { enabled, state } }, name)
  }
})

t.test('accounts', async (t) => {
  const rows: Array<
    [mode: 'paper' | 'live', expected: string[] | undefined, reported: string[], fault: string | null]
  > = [
    ['paper', undefined, ['DU1'], null],
    ['paper', [], ['DU1', 'DF2'], null],
    ['live', undefined, ['U1', 'F2'], null],
    ['live', undefined, ['DU1'], 'DU1 is no live account'],
    ['paper', undefined, ['U1'], 'U1 is no paper account'],
    ['paper', ['DU1', 'DU2'], ['DU2', 'DU1'], null],
    ['paper', ['DU1'], ['DU1', 'DU2'], 'expected DU1, the gateway reports DU1, DU2'],
    ['paper', ['DU1', 'DU2'], ['DU1'], 'expected DU1, DU2, the gateway reports DU1'],
    ['paper', ['DU1'], [], 'expected DU1, the gateway reports none'],
    ['paper', ['U1'], ['U1'], 'U1 is no paper account'],
  ]
  for (const [mode, expected, reported, fault] of rows)
    t.equal(findAccountFault(mode, expected, reported), fault, `${mode} ${expected}: ${reported}`)
})

t.test('the container that a record asks for', async (t) => {
  const defaults = { containerPrefix: 'p', gatewayImage: 'image:1', memoryMb: 2048 }
  const spec = (changed: Partial<Follower> = {}) => gatewaySpec(follower(changed), defaults)
  t.match(spec(), {
    containerName: 'p-f1',
    image: 'image:1',
    timeZone: 'America/New_York',
    autoRestartTime: '04:30 PM',
    readOnlyApi: false,
    javaHeapMb: 1024,
    memoryMb: 2048,
    existingSession: 'primary',
    vnc: false,
    specHash: /^[0-9a-f]{16}$/,
  })
  const same: Array<Partial<Follower>> = [
    { name: 'Other', labels: { a: 'b' }, revision: 9, accounts: ['DU1'], enabled: false },
    { gateway: {} },
    { gateway: { vnc: false, javaHeapMb: 1024 } },
    { gateway: { javaHeapMb: 1024, vnc: false } },
  ]
  for (const changed of same) t.equal(spec(changed).specHash, spec().specHash, JSON.stringify(changed))
  const other: Array<Partial<Follower>> = [
    { id: 'f2' },
    { tradingMode: 'live' },
    { gateway: { image: 'image:2' } },
    { gateway: { readOnlyApi: true } },
    { gateway: { twofaDevice: 'IB Key' } },
  ]
  for (const changed of other) t.not(spec(changed).specHash, spec().specHash, JSON.stringify(changed))
  t.not(gatewaySpec(follower(), { ...defaults, memoryMb: 1 }).specHash, spec().specHash)
})

t.test('digests tell the same from another, and nothing else', async (t) => {
  const [one, two] = [
    new Digests(Buffer.alloc(32, 1).toString('base64')),
    new Digests(Buffer.alloc(32, 2).toString('base64')),
  ]
  t.match(one.username('edemo'), /^[0-9a-f]{16}$/)
  t.equal(one.username('edemo'), one.username('EDemo'), 'IB takes either case')
  t.not(one.username('edemo'), one.username('edemo2'))
  t.not(one.username('edemo'), two.username('edemo'), 'keyed')
  const secret = (username: string, password: string) => one.secret({ username, password })
  t.equal(secret('u', 'p'), secret('u', 'p'))
  t.equal(new Set([secret('u', 'p'), secret('u', 'P'), secret('up', ''), secret('', 'up')]).size, 4)
})
