// The worker threads that read files through: begun when there is something to do, ended when there has been nothing for long.
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Cancel, Clock } from '../../ports/clock.ts'
import { FleetError } from '../../ports/errors.ts'
import type { Survey, SurveyTask } from './survey.ts'
import type { SurveyAnswer, SurveyOrder } from './survey-worker.ts'

const idleMs = 60_000
/** So that one file's bytes come while another's are judged. */
const ordersEach = 2

/** SHUTTING_DOWN. */
function closed(): FleetError {
  return new FleetError('SHUTTING_DOWN', 'The bar files are closed, for the manager is stopping.')
}

interface Job {
  readonly task: SurveyTask
  readonly resolve: (survey: Survey | null) => void
  readonly reject: (error: Error) => void
}

interface Surveyor {
  readonly worker: Worker
  readonly jobs: Map<number, Job>
}

export class Surveyors {
  readonly #clock: Clock
  readonly #most = Math.max(1, Math.min(2, availableParallelism() - 1))
  readonly #surveyors = new Set<Surveyor>()
  readonly #waiting: Job[] = []
  #nextId = 1
  #cancelRest: Cancel = () => {}
  #isClosed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Threads that run now. */
  get count(): number {
    return this.#surveyors.size
  }

  /** Null when there is no file. Rejects with the system's error, or when closed. */
  survey(task: SurveyTask): Promise<Survey | null> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(closed())
      this.#waiting.push({ task, resolve, reject })
      this.#deal()
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelRest()
    const asked = [...this.#surveyors].flatMap(({ jobs }) => [...jobs.values()])
    for (const { reject } of [...this.#waiting.splice(0), ...asked]) reject(closed())
    await Promise.all([...this.#surveyors].map(({ worker }) => worker.terminate()))
  }

  #deal(): void {
    this.#cancelRest()
    // An answer may come while the threads end.
    if (this.#isClosed) return
    while (this.#waiting.length > 0) {
      const surveyor = this.#leastBusy()
      if (!surveyor) return
      const job = this.#waiting.shift()
      if (!job) return
      const id = this.#nextId++
      surveyor.jobs.set(id, job)
      // At work it keeps the process alive, waiting for work it does not.
      surveyor.worker.ref()
      surveyor.worker.postMessage({ id, task: job.task } satisfies SurveyOrder)
    }
    if (this.#surveyors.size > 0 && [...this.#surveyors].every(({ jobs }) => jobs.size === 0)) this.#rest()
  }

  #leastBusy(): Surveyor | undefined {
    const [idlest] = [...this.#surveyors].sort((a, b) => a.jobs.size - b.jobs.size)
    if (idlest && idlest.jobs.size === 0) return idlest
    if (this.#surveyors.size < this.#most) return this.#begin()
    return idlest && idlest.jobs.size < ordersEach ? idlest : undefined
  }

  #begin(): Surveyor {
    // Without the flags of this process: loaders and inspectors are none of its business.
    const worker = new Worker(new URL('./survey-worker.js', import.meta.url), { execArgv: [] })
    const surveyor: Surveyor = { worker, jobs: new Map() }
    this.#surveyors.add(surveyor)
    worker.on('message', ({ id, survey, error }: SurveyAnswer) => {
      const job = surveyor.jobs.get(id)
      surveyor.jobs.delete(id)
      // Not while it is ended: without it the process might end before whoever waits for that.
      if (surveyor.jobs.size === 0 && !this.#isClosed) worker.unref()
      if (error) job?.reject(Object.assign(new Error(error.message), error))
      else job?.resolve(survey ?? null)
      this.#deal()
    })
    let reason = new Error('the thread that reads bar files has ended')
    worker.on('error', (error) => {
      reason = error
    })
    worker.on('exit', () => {
      this.#surveyors.delete(surveyor)
      for (const { reject } of surveyor.jobs.values()) reject(reason)
      this.#deal()
    })
    return surveyor
  }

  #rest(): void {
    this.#cancelRest = this.#clock.schedule(idleMs, () => {
      for (const { worker } of this.#surveyors) void worker.terminate()
      // Nobody gets an order who is about to go.
      this.#surveyors.clear()
    })
  }
}
