// What a gateway has been through, from its phases: spans without holes, and which of them were outages. Minutes after noon.
import t from 'tap'
import type { FleetEvent } from '../../../schemas/event.ts'
import type { GatewayPhase } from '../../../schemas/gateway.ts'
import { type PhaseBegin, phaseBegin, tellTimeline } from '../../../src/fleet/history/timeline.ts'
import { noon } from '../looks.ts'

type Begin = [minute: number, phase: GatewayPhase, before?: GatewayPhase]

const at = (minute: number) => noon + minute * 60_000
const begin = ([minute, phase, before]: Begin): PhaseBegin => ({
  phase,
  at: at(minute),
  ...(before && { before }),
})

/** Spans as `from-to phase`, in minutes after noon. */
function told(begins: Begin[], present: Begin, from = 0, to = 60) {
  const { spans, outages, outageSeconds } = tellTimeline(begins.map(begin), begin(present), {
    from: at(from),
    to: at(to),
  })
  const minute = (time: string | undefined) =>
    time === undefined ? '' : String((Date.parse(time) - noon) / 60_000)
  return {
    spans: spans.map((span) => `${minute(span.from)}-${minute(span.to)} ${span.phase}`),
    outages,
    minutes: outageSeconds / 60,
  }
}

t.test('spans', async (t) => {
  await t.test('a first start is no outage', async (t) => {
    const begins: Begin[] = [
      [10, 'creating', 'stopped'],
      [11, 'booting'],
      [12, 'connecting'],
      [13, 'ready'],
    ]
    t.strictSame(told(begins, [13, 'ready']), {
      spans: ['0-10 stopped', '10-11 creating', '11-12 booting', '12-13 connecting', '13- ready'],
      outages: 0,
      minutes: 0,
    })
  })

  await t.test('the window begins with what was before', async (t) => {
    const begins: Begin[] = [
      [-90, 'ready'],
      [-20, 'degraded'],
      [20, 'ready'],
    ]
    t.strictSame(told(begins, [20, 'ready']).spans, ['0-20 degraded', '20- ready'])
    t.strictSame(told(begins, [20, 'ready'], 20).spans, ['20- ready'], 'not with what ended there')
  })

  await t.test('without any history there is the present, as far back as it goes', async (t) => {
    t.strictSame(told([], [-500, 'ready']).spans, ['0- ready'])
    t.strictSame(told([], [40, 'stopped']).spans, ['40- stopped'])
  })

  await t.test('the present counts even where the history does not know it yet', async (t) => {
    t.strictSame(told([[5, 'ready', 'connecting']], [59, 'reconnecting']), {
      spans: ['0-5 connecting', '5-59 ready', '59- reconnecting'],
      outages: 1,
      minutes: 1,
    })
  })

  await t.test('another manager that finds it as it was begins no other span', async (t) => {
    const begins: Begin[] = [
      [10, 'locked', 'booting'],
      [30, 'locked', 'stopped'],
    ]
    t.strictSame(told(begins, [10, 'locked']), {
      spans: ['0-10 booting', '10- locked'],
      outages: 1,
      minutes: 50,
    })
  })

  await t.test('what no manager watched is told apart, and is no outage', async (t) => {
    const begins = [
      begin([10, 'ready', 'connecting']),
      { ...begin([30, 'connecting', 'stopped']), unwatchedSince: at(20) },
      begin([31, 'ready', 'connecting']),
    ]
    const { spans, outages } = tellTimeline(begins, begin([31, 'ready']), { from: at(10), to: at(60) })
    t.strictSame(
      spans.map(({ phase, from, unwatched }) => [phase, (Date.parse(from) - noon) / 60_000, unwatched]),
      [
        ['ready', 10, undefined],
        ['ready', 20, true],
        ['connecting', 30, undefined],
        ['ready', 31, undefined],
      ],
    )
    t.equal(outages, 0)
  })

  await t.test('a wall clock set back makes no span end before it began', async (t) => {
    const begins: Begin[] = [
      [10, 'creating', 'stopped'],
      [8, 'ready'],
    ]
    t.strictSame(told(begins, [8, 'ready']).spans, ['0-10 stopped', '10-10 creating', '10- ready'])
  })
})

t.test('a history of 200 000 phases is told in one pass', async (t) => {
  const events = 200_000
  const from = at(0)
  const begins = Array.from(
    { length: events },
    (_, n): PhaseBegin => ({ phase: n % 2 === 0 ? 'creating' : 'backing-off', at: from + n * 1000 }),
  )
  const present = { phase: 'ready', at: from + events * 1000 } as const
  const { spans, outages, outageSeconds } = tellTimeline(begins, present, { from, to: present.at })
  t.equal(spans.length, events + 1)
  t.equal(spans.at(-1)?.phase, 'ready')
  t.equal(outages, 1, 'from its first failure on')
  t.equal(outageSeconds, events - 1)
})

t.test('outages', async (t) => {
  const up: Begin = [-90, 'ready']
  const cases: Array<{ name: string; begins: Begin[]; outages: number; minutes: number }> = [
    { name: 'none while RUNNING, degraded or not', begins: [up, [5, 'degraded']], outages: 0, minutes: 0 },
    {
      name: 'a lost session, until it is back',
      begins: [up, [10, 'reconnecting'], [15, 'ready']],
      outages: 1,
      minutes: 5,
    },
    {
      name: 'one outage through all its phases',
      begins: [
        up,
        [10, 'reconnecting'],
        [15, 'restarting'],
        [16, 'creating'],
        [18, 'booting'],
        [20, 'ready'],
      ],
      outages: 1,
      minutes: 10,
    },
    {
      name: 'one that lasts',
      begins: [up, [10, 'backing-off'], [30, 'locked']],
      outages: 1,
      minutes: 50,
    },
    {
      name: 'two',
      begins: [up, [10, 'upstream-lost'], [11, 'ready'], [20, 'restarting'], [22, 'degraded']],
      outages: 2,
      minutes: 3,
    },
    {
      name: 'none when it is stopped on purpose, and started again',
      begins: [up, [10, 'stopping'], [11, 'stopped'], [20, 'creating'], [25, 'ready']],
      outages: 0,
      minutes: 0,
    },
    {
      name: 'ended by a stop',
      begins: [up, [10, 'reconnecting'], [20, 'stopping'], [21, 'stopped']],
      outages: 1,
      minutes: 10,
    },
    {
      name: 'one that began before the window counts with its time only',
      begins: [up, [-10, 'reconnecting'], [10, 'ready']],
      outages: 0,
      minutes: 10,
    },
    {
      name: 'a start that fails, from then on',
      begins: [
        [-90, 'stopped'],
        [10, 'creating'],
        [11, 'booting'],
        [12, 'locked'],
      ],
      outages: 1,
      minutes: 48,
    },
    {
      name: 'a start that fails, and fails again, is one outage until it is stopped',
      begins: [
        [-90, 'stopped'],
        [10, 'creating'],
        [12, 'backing-off'],
        [14, 'creating'],
        [16, 'backing-off'],
        [20, 'stopping'],
        [21, 'stopped'],
      ],
      outages: 1,
      minutes: 8,
    },
    {
      name: 'a gateway that is locked all along',
      begins: [[-90, 'locked']],
      outages: 0,
      minutes: 60,
    },
    {
      name: 'another manager takes it over as it runs',
      begins: [up, [10, 'connecting', 'stopped'], [11, 'ready', 'connecting']],
      outages: 0,
      minutes: 0,
    },
    {
      name: 'another manager has to make a new one',
      begins: [up, [10, 'creating', 'stopped'], [14, 'ready', 'creating']],
      outages: 1,
      minutes: 4,
    },
  ]
  for (const { name, begins, ...wanted } of cases) {
    const { outages, minutes } = told(begins, begins.at(-1) ?? up)
    t.strictSame({ outages, minutes }, wanted, name)
  }
})

t.test('an event', async (t) => {
  const event = (data: FleetEvent['data']): FleetEvent => ({
    id: 'x',
    at: '2026-01-05T17:00:00.000Z',
    type: 'gateway.phase',
    message: 'x',
    ...(data && { data }),
  })
  t.strictSame(phaseBegin(event({ from: 'ready', to: 'reconnecting', reason: 'SESSION_LOST' })), [
    { phase: 'reconnecting', at: noon, before: 'ready', reason: 'SESSION_LOST' },
  ])
  t.strictSame(phaseBegin(event({ to: 'dreaming' })), [], 'of a phase that is none is passed over')
  t.strictSame(phaseBegin(event(undefined)), [])
})
