// The worker thread: surveys files one after the other as it is told.
import { parentPort } from 'node:worker_threads'
import { type Survey, type SurveyTask, survey } from './survey.ts'

export interface SurveyOrder {
  readonly id: number
  readonly task: SurveyTask
}

export interface SurveyAnswer {
  readonly id: number
  readonly survey?: Survey | null
  /** An error of the system, whose class does not survive the way. */
  readonly error?: { readonly message: string; readonly code: string; readonly path: string | undefined }
}

parentPort?.on('message', async ({ id, task }: SurveyOrder) => {
  try {
    answer({ id, survey: await survey(task) })
  } catch (error) {
    const { message, code = 'unknown', path } = error as NodeJS.ErrnoException
    answer({ id, error: { message, code, path } })
  }
})

function answer(message: SurveyAnswer): void {
  parentPort?.postMessage(message)
}
