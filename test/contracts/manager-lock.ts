// What the manager's lock promises in every store, on clocks and processes that the suite makes up.
import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import type { FleetError } from '../../src/ports/errors.ts'
import type { Processes, ProcessIdentity } from '../../src/ports/lock-holder.ts'
import { FakeClock } from '../fake-clock.ts'
import type { StoresSubject } from './stores.ts'

const never = new AbortController().signal

/** A process on this machine, as `Processes` would show it; `alive` lists start times by pid in its namespace. */
export function processes(
  over: Partial<ProcessIdentity> = {},
  alive: Record<number, string> = {},
): Processes {
  const self = {
    host: 'host-a',
    bootId: 'boot-a',
    pidNamespace: 'pid:[1]',
    pid: 100,
    pidStartedAt: '5000',
    ...over,
  }
  return {
    self,
    startedAt: (pid) => (pid === self.pid ? self.pidStartedAt : (alive[pid] ?? null)),
  }
}

/** Moves the clock on until the promise has settled; real time goes by too, for stores that need some. */
export async function drive<T>(clock: FakeClock, promise: Promise<T>): Promise<T> {
  let isSettled = false
  const settled = promise.finally(() => {
    isSettled = true
  })
  settled.catch(() => {})
  await advanceUntil(clock, () => isSettled)
  return settled
}

async function advanceUntil(clock: FakeClock, isSo: () => boolean): Promise<void> {
  for (let round = 0; !isSo() && round < 500; round++) {
    await clock.advance(250)
    await pause(1)
  }
}

export function lockContract(t: Test, makeSubject: (t: Test) => Promise<StoresSubject>): void {
  const other = { pid: 200, pidStartedAt: '6000' }

  t.test('a living holder keeps its lock, and the message names it', async (t) => {
    const subject = await makeSubject(t)
    const clock = new FakeClock()
    const first = await subject.open({ clock, processes: processes() })
    await first.lock.acquire('manager-1', never)
    const second = await subject.open({ clock, processes: processes(other, { 100: '5000' }) })
    const refused = drive(clock, second.lock.acquire('manager-2', never))
    await t.rejects(refused, { code: 'STORE_LOCKED', message: /manager-1, process 100 on host-a/ })
    await first.lock.release()
    await second.lock.acquire('manager-2', never)
    await second.lock.release()
    t.equal(clock.pendingTimers, 0, 'no renewal goes on after a release')
  })

  const gone = {
    'no process has its pid': {},
    'its pid was given to another process since': { 100: '5999' },
  }
  for (const [title, alive] of Object.entries(gone))
    t.test(`taken over at once when ${title}`, async (t) => {
      const subject = await makeSubject(t)
      const clock = new FakeClock()
      const lost: FleetError[] = []
      const dead = await subject.open({
        clock,
        processes: processes(),
        onLockLost: (error) => lost.push(error),
      })
      await dead.lock.acquire('manager-1', never)
      const heir = await subject.open({ clock, processes: processes(other, alive) })
      const startedMs = clock.monotonicMs()
      await heir.lock.acquire('manager-1', never)
      t.equal(clock.monotonicMs(), startedMs, 'without waiting')

      await advanceUntil(clock, () => lost.length > 0)
      t.match(
        lost,
        [{ code: 'STORE_LOCKED', message: /process 200 on host-a/ }],
        'were it alive, it would know',
      )
      await dead.lock.release()
      const third = await subject.open({ clock, processes: processes({ pid: 300 }, { 200: '6000' }) })
      const refused = drive(clock, third.lock.acquire('manager-3', never))
      await t.rejects(refused, { code: 'STORE_LOCKED' }, 'and its release takes nothing from its heir')
      await heir.lock.release()
    })

  const outOfSight: Record<string, Partial<ProcessIdentity>> = {
    'in another pid namespace': { pidNamespace: 'pid:[2]' },
    'on another boot': { bootId: 'boot-b', host: 'host-b' },
    'of unknown boot': { bootId: '', pidNamespace: '' },
  }
  for (const [title, where] of Object.entries(outOfSight))
    t.test(`a holder ${title} that gives no sign of life for 10 s is replaced`, async (t) => {
      const subject = await makeSubject(t)
      const frozen = new FakeClock()
      const silent = await subject.open({ clock: frozen, processes: processes(where) })
      await silent.lock.acquire('manager-1', never)

      const clock = new FakeClock()
      clock.jumpWallClock(3_600_000)
      const heir = await subject.open({ clock, processes: processes(where.bootId === '' ? where : other) })
      await drive(clock, heir.lock.acquire('manager-2', never))
      t.ok(clock.monotonicMs() >= 10_000, 'after 10 s of its own clock, whatever the wall clock says')
      t.ok(clock.monotonicMs() < 15_000)
      await heir.lock.release()
      await silent.lock.release()
    })

  t.test('waiting for a lock can be given up', async (t) => {
    const subject = await makeSubject(t)
    const first = await subject.open({ processes: processes({ pidNamespace: 'pid:[2]' }) })
    await first.lock.acquire('manager-1', never)
    const second = await subject.open({ processes: processes(other) })
    const waiting = second.lock.acquire('manager-2', AbortSignal.timeout(20))
    await t.rejects(waiting, { name: 'TimeoutError' })
    await first.lock.release()
  })
}
