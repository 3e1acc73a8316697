// The pacer against a simulated gateway that counts by itself: ten-minute rules on one clock that both share, real sockets between them.
import t from 'tap'
import { ibConnector } from '../../../src/adapters/ib/connector.ts'
import { Pacer } from '../../../src/session/pacing/pacer.ts'
import { IbSession } from '../../../src/session/session.ts'
import type { SimulatorClock } from '../../../src/simulator/clock.ts'
import { FakeClock, settle } from '../../fake-clock.ts'
import { startLoggedIn, until } from '../../simulator/harness.ts'
import { options, silent } from '../harness.ts'

const hours = 2
/** 60 in ten minutes, of which a request for BID_ASK takes two. */
const allowedWeight = hours * 6 * 60

t.test(
  'hours of filling gaps over two sessions: nothing to object to, 90 % of what is allowed',
  async (t) => {
    const clock = new FakeClock()
    const simulated: SimulatorClock = {
      now: () => clock.now(),
      schedule: (task, delayMs) => clock.schedule(delayMs, task),
    }
    const starting = startLoggedIn(t, { clock: simulated })
    const pacer = new Pacer(clock)
    const gateway = await passing(clock, starting)
    const sessions = [1, 2].map(
      (clientId) =>
        new IbSession(
          { connector: ibConnector(), clock, log: silent, pacer },
          { ...options, port: gateway.port, clientId, heartbeatIntervalMs: 0 },
        ),
    )
    t.teardown(() => Promise.all(sessions.map((session) => session.disconnect())))
    for (const session of sessions) await session.connect()

    let answered = 0
    let weight = 0
    const failed: string[] = []
    const asking = new AbortController()
    /** Four symbols, a day after the other, each day twice: the second time must wait. */
    const fill = async (worker: number) => {
      for (let i = 0; !asking.signal.aborted; i++) {
        const whatToShow = i % 5 === 4 ? 'BID_ASK' : 'TRADES'
        const question = {
          contract: { symbol: ['AAPL', 'MSFT', 'SPY', 'IBM'][worker % 4] as string, ...stock },
          endMs: Date.UTC(2026, 0, 5, 12) - (worker * 1_000 + Math.floor(i / 2)) * 3_600_000,
          duration: '1800 S',
          barSize: '1 min',
          whatToShow,
          useRth: false,
        }
        try {
          await sessions[i % 2]?.request('historicalBars', question, {
            priority: 'background',
            signal: asking.signal,
          })
        } catch (error) {
          const { message } = error as Error
          if (asking.signal.aborted) return
          if (!/no data/.test(message)) failed.push(message)
        }
        answered++
        weight += whatToShow === 'BID_ASK' ? 2 : 1
      }
    }
    const workers = Array.from({ length: 8 }, (_, worker) => fill(worker))
    await settle()
    const untilMs = clock.monotonicMs() + hours * 3_600_000
    while (clock.monotonicMs() < untilMs) {
      // Time passes only when nothing is under way between the two.
      await until(() => pacer.stats().open === 0 && pacer.stats().queued === 8)
      await clock.advance(Math.min(clock.nextTimerMs ?? 1, untilMs - clock.monotonicMs()))
    }
    asking.abort()
    await Promise.all(workers)
    t.strictSame(failed, [])
    t.strictSame(gateway.violations, [])
    t.equal(pacer.stats().violations, 0)
    t.ok(answered > 0 && weight >= 0.9 * allowedWeight, `${weight} of ${allowedWeight}`)
  },
)

const stock = { secType: 'STK', exchange: 'SMART', currency: 'USD' }

/** Lets time pass until `work` is done. */
async function passing<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  let done = false
  const finished = work.finally(() => {
    done = true
  })
  while (!done) {
    await clock.advance(50)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return await finished
}
